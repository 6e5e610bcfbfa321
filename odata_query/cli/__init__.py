"""The command line: select rows of files, draw the tree of a filter, check a query."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any

import click
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .. import __version__, python
from ..errors import ODataError
from ..language.ast import Call, Lambda, Literal, NamedValue, Node, Path, TypeName
from ..language.parser import parse_filter
from ..language.printer import unparse
from ..model.entity import EntityType
from ..operations import OPERATIONS
from ..problems import ConfigurationError, shorten
from ..query import Query, parse_query
from .files import FORMATS, DataError, Row, load_model, load_rows

WIDEST_CELL = 36
"""Characters of a value that a table on a terminal shows."""
_QUERY_STRING = re.compile(
    r"\?|(?:(?:\$|%24|@|%40)[\w.]*|filter|orderby|top|skip|count|select|expand|search)=", re.I
)

QUERY_HELP = """
    QUERY is a query string: "$filter=size gt 3&$orderby=name desc&$top=5". It may hold $filter, $orderby,
    $top, $skip and $count. As in a URL, "+" is a space, and "%2B", "%25" and "%26" are "+", "%" and "&";
    a space may stay a space. A text that does not begin with an option, such as "size gt 3", is a $filter
    and is not decoded. Use single quotes: in double quotes the shell replaces $filter by a variable of its
    own. The "$" of an option's name may be left out.
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Run OData queries on JSON and CSV files, and explain what is wrong with a query."""
    if sys.stdout is None:
        raise click.ClickException("standard output is closed")
    # A lone surrogate is written as its escape, which is valid JSON. Other programs read UTF-8.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = stream.encoding if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


_model_option = click.option(
    "--model", "model_file", metavar="FILE", help="Read the model from this JSON file."
)


@main.command(epilog=QUERY_HELP)
@click.argument("file")
@click.argument("query")
@_model_option
@click.option("--format", "form", type=click.Choice(["json", "jsonl", "csv"]), help="The format of FILE.")
@click.option(
    "--output", type=click.Choice(["table", "jsonl", "json", "csv"]), help="The format of the rows."
)
def run(file: str, query: str, model_file: str | None, form: str | None, output: str | None) -> None:
    """Print the rows of FILE that QUERY selects.

    The suffix of FILE tells its format: JSON (an array of objects, or an object with one array), JSON Lines
    or CSV. "-" is standard input and needs --format. A terminal gets a table, a pipe gets JSON Lines. With
    $count=true the number of all rows that match the filter goes to standard error.

    Without --model, types are inferred from the values. Strings that are all dates, date-times or GUIDs get
    that type, and an "id" that is unique becomes the key. A column that cannot be named in a query or that
    holds values of several types is printed, but is not part of the model. An empty field of CSV is null.
    """
    form = form or FORMATS.get(PurePath(file).suffix.lower())
    if form is None:
        raise click.UsageError(f"Cannot tell the format of {click.format_filename(file)}: use --format.")
    with _reported():
        model = load_model(model_file) if model_file else None
        data = load_rows(file, form, model)
        if data.left_out:
            shown = [f"{shorten(name)} ({why})" for name, why in list(data.left_out.items())[:5]]
            more = [f"{len(data.left_out) - 5} more"] if len(data.left_out) > 5 else []
            click.echo(f"left out of the model: {', '.join(shown + more)}", err=True)
        parsed = _parse(query, data.entity_type)
        # A file without rows and model has nothing to select, so no name in the query is wrong.
        found = python.apply(data.rows, parsed) if data.entity_type else []
        if parsed.count:
            click.echo(f"count: {python.count(data.rows, parsed) if data.entity_type else 0}", err=True)
        output = output or ("table" if sys.stdout.isatty() else "jsonl")
        if output in ("csv", "table"):
            # A field of CSV is printed as the file has it: "1.50", not 1.5.
            originals = dict(zip(map(id, data.rows), data.originals, strict=True))
            found = [originals[id(row)] for row in found]
        _PRINT[output](found, list(dict.fromkeys(name for row in data.originals for name in row)))
        sys.stdout.flush()


@main.command()
@click.argument("filter")
def parse(filter: str) -> None:
    """Draw the tree of a FILTER with the span of each node: "size gt 3 and contains(name,'x')"."""
    with _reported():
        for line in _draw(parse_filter(filter)):
            click.echo(line)


@main.command(epilog=QUERY_HELP)
@click.argument("query")
@_model_option
def check(query: str, model_file: str | None) -> None:
    """Print every problem of QUERY, or ok. Without --model only the syntax is checked."""
    with _reported():
        model = load_model(model_file) if model_file else None
        try:
            _parse(query, model)
        except ODataError as error:
            click.echo(str(error))
            raise SystemExit(1) from None
        click.echo("ok")


@contextlib.contextmanager
def _reported() -> Iterator[None]:
    """Report a wrong file or query as a message, with exit code 1."""
    try:
        yield
    except ODataError as error:
        click.echo(str(error), err=True)
        raise SystemExit(1) from None
    except (ConfigurationError, DataError) as error:
        raise click.ClickException(str(error)) from None
    except RecursionError:
        raise click.ClickException("the data nests too deeply") from None
    except OverflowError as error:
        raise click.ClickException(f"a computation leaves the range of its numbers: {error}") from None
    except BrokenPipeError:
        raise  # click ends quietly
    except OSError as error:
        raise click.ClickException(f"cannot write: {error.strerror or error}") from None


def _parse(text: str, entity_type: EntityType | None) -> Query:
    """Parse an argument: a query string, or the text of a `$filter`."""
    if text.startswith("="):
        raise click.UsageError("The shell replaced $filter by a variable: put the query in single quotes.")
    return parse_query(text if _QUERY_STRING.match(text) else {"$filter": text}, entity_type)


# ---- printing ------------------------------------------------------------------------------------


def _printable(text: str) -> str:
    """Escape the characters that would control the terminal."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _text_of(value: Any) -> str:
    """Convert a value to JSON, but keep a text: `null`, `true`, `["a", 1]`, `text`."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _print_jsonl(rows: Sequence[Row], names: Sequence[str]) -> None:
    for row in rows:
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


def _print_json(rows: Sequence[Row], names: Sequence[str]) -> None:
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    sys.stdout.write(f"[\n{lines}\n]\n" if rows else "[]\n")


def _print_csv(rows: Sequence[Row], names: Sequence[str]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow(["" if row.get(name) is None else _text_of(row[name]) for name in names])


def _print_table(rows: Sequence[Row], names: Sequence[str]) -> None:
    """Print a table. A terminal gets as many columns as fit, with long values cut."""
    on_terminal = sys.stdout.isatty()
    console = Console() if on_terminal else Console(width=1_000_000)
    table = Table(box=box.ROUNDED)
    cut = WIDEST_CELL if on_terminal else None
    columns: list[list[str]] = []
    room = console.width
    for title in map(_printable, names):
        cells = [_printable(_text_of(row.get(names[len(columns)]))) for row in rows]
        width = max(map(cell_len, (title, *cells)))
        room -= min(width, cut or width) + 3
        if room < 1 and columns:
            hidden = ", ".join(map(_printable, names[len(columns) :]))
            click.echo(f"no room for {hidden}; --output jsonl has all", err=True)
            break
        columns.append(cells)
        table.add_column(Text(title), no_wrap=True, overflow="ellipsis", max_width=cut)
    for row in zip(*columns, strict=True):
        table.add_row(*map(Text, row))
    if columns:
        console.print(table)


_PRINT = {"table": _print_table, "jsonl": _print_jsonl, "json": _print_json, "csv": _print_csv}


# ---- trees ---------------------------------------------------------------------------------------


def _draw(node: Node, first: str = "", rest: str = "") -> Iterator[str]:
    """Yield the lines of a tree. rich.tree would cut nodes that are deeper than a line is long."""
    name, kind = _label(node)
    yield f"{first}{click.style(_printable(name), bold=True)}  {kind} {node.span[0]}..{node.span[1]}"
    children = node.children()
    for child in children[:-1]:
        yield from _draw(child, f"{rest}├── ", f"{rest}│   ")
    for child in children[-1:]:
        yield from _draw(child, f"{rest}└── ", f"{rest}    ")


def _label(node: Node) -> tuple[str, str]:
    """Return the name and the kind of a node: `eq` and `operator`, `'jpg'` and `Edm.String`."""
    match node:
        case Literal():
            return unparse(node), node.type.name
        case Path():
            names = [part if isinstance(part, str) else f"{part.function}(...)" for part in node.segments]
            return "/".join(names), "path"
        case Call(function=name):
            is_operator = name in OPERATIONS and OPERATIONS[name].is_operator
            return name, "key" if name == "()" else "operator" if is_operator else "function"
        case Lambda():
            return f"{node.variable}:", "lambda"
        case NamedValue():
            return f"{node.name}=", "argument"
        case TypeName():
            return node.name, "type"
    return {"ListExpr": "(...)", "RecordExpr": "{...}"}.get(type(node).__name__, ""), "list"
