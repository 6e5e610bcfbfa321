"""The command line: select rows of files, infer their model, draw the tree of a filter, check a query."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from pathlib import PurePath
from typing import Any

import click
from rich.cells import cell_len, set_cell_size
from rich.console import Console

from .. import __version__
from ..errors import ODataError
from ..language.ast import Call, Lambda, Literal, NamedValue, Node, Path, TypeName
from ..language.parser import parse_filter
from ..language.printer import unparse
from ..model.entity import EntityType
from ..operations import OPERATIONS
from ..problems import ConfigurationError, shorten
from ..query import Query, parse_query
from .files import FORMATS, Data, load_model, named, opened, renamed, write_model
from .formats import DataError, Format, Row
from .selection import Selection, Spool

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


def _encoding(context: click.Context, option: click.Parameter, name: str) -> str:
    try:
        "".encode(name)
    except (LookupError, UnicodeError):
        raise click.BadParameter(f"{name!r} is not an encoding of text.") from None
    return name


def _delimiter(context: click.Context, option: click.Parameter, text: str) -> str:
    text = {"tab": "\t", r"\t": "\t"}.get(text, text)
    if len(text) != 1 or text in '"\r\n\0':
        raise click.BadParameter(f"{text!r} is not one character that can separate fields.")
    return text


_FILE_OPTIONS = (
    click.argument("file"),
    click.option("--format", "form", type=click.Choice(["json", "jsonl", "csv"]), help="The format of FILE."),
    click.option(
        "--delimiter",
        default=",",
        callback=_delimiter,
        help='The character between the fields of CSV, in FILE and in the output; "tab" is one.',
    ),
    click.option(
        "--encoding",
        default="utf-8",
        callback=_encoding,
        help="The encoding of FILE: cp1252, utf-16. The output has UTF-8.",
    ),
)


def _takes_a_file(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_FILE_OPTIONS):
        command = option(command)
    return command


def _format(file: str, form: str | None, encoding: str, delimiter: str) -> Format:
    form = form or FORMATS.get(PurePath(file).suffix.lower())
    if form is None:
        raise click.UsageError(f"Cannot tell the format of {click.format_filename(file)}: use --format.")
    return Format(form, encoding, delimiter)


@main.command(epilog=QUERY_HELP)
@_takes_a_file
@click.argument("query")
@_model_option
@click.option(
    "--output", type=click.Choice(["table", "jsonl", "json", "csv"]), help="The format of the rows."
)
def run(
    file: str,
    query: str,
    model_file: str | None,
    form: str | None,
    delimiter: str,
    encoding: str,
    output: str | None,
) -> None:
    """Print the rows of FILE that QUERY selects.

    The suffix of FILE tells its format: JSON (an array of objects, or an object with one array), JSON Lines
    or CSV. "-" is standard input and needs --format. A terminal gets a table, a pipe gets JSON Lines. With
    $count=true the number of all rows that match the filter goes to standard error.

    Without --model, types are inferred from the values. Strings that are all dates, date-times or GUIDs get
    that type, and an "id" that is unique becomes the key. A column whose name has spaces is renamed in
    queries: "File size" is File_size. A column that cannot be named in a query or that holds values of
    several types is printed, but is not part of the model. An empty field of CSV is null.

    FILE is read twice, a row at a time, so it can be larger than the memory.
    """
    found = _format(file, form, encoding, delimiter)
    with _reported(), opened(file) as stream:
        given = load_model(model_file) if model_file else None
        with named(file):
            data = Data(stream, found, given)
        if given is None:
            _report_columns(data)
        parsed = _parse(query, data.entity_type)
        output = output or ("table" if sys.stdout.isatty() else "jsonl")
        # A field of CSV is printed as the file has it: "1.50", not 1.5.
        # A table is printed after its last row was found; other rows move the progress on a terminal away.
        label = "Selecting..." if output == "table" else "" if sys.stdout.isatty() else "Writing..."
        selection = Selection(data, parsed, as_in_file=output in ("csv", "table"), label=label)
        _PRINT[output](selection, list(data.names), delimiter)
        sys.stdout.flush()
        if parsed.count:
            click.echo(f"count: {selection.count}", err=True)


@main.command()
@_takes_a_file
def model(file: str, form: str | None, delimiter: str, encoding: str) -> None:
    """Print the model that is inferred from the rows of FILE, as JSON.

    Edit it and pass it to other commands as --model: "odata-query model rows.csv > model.json". A property
    is the name of a type, or an object with its "type", "enum" (names and numbers) or "properties", and
    with "nullable", "key", "filterable", "sortable", "collection" or "attribute" (its name in the rows).
    """
    found = _format(file, form, encoding, delimiter)
    with _reported(), opened(file) as stream:
        with named(file):
            data = Data(stream, found, None)
            if data.entity_type is None:
                raise DataError("it has no rows to infer a model from")
        _report_columns(data)
        click.echo(json.dumps(write_model(data.entity_type), ensure_ascii=False, indent=2))


def _report_columns(data: Data) -> None:
    """Say which columns a query cannot name, or writes in another way."""
    names = renamed(data.entity_type) if data.entity_type else ()
    for label, columns in (
        ("left out of the model", [f"{shorten(name)} ({why})" for name, why in data.left_out.items()]),
        ("renamed in the model", [f"{shorten(repr(name))} is {own}" for name, own in names]),
    ):
        more = [f"{len(columns) - 5} more"] if len(columns) > 5 else []
        if columns:
            click.echo(f"{label}: {', '.join(columns[:5] + more)}", err=True)


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


def _json_of(row: Row) -> str:
    """Write a row as JSON, with escapes for the characters that a terminal obeys and JSON does not escape."""
    return _COMMANDS.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(row, ensure_ascii=False))


def _harmless(text: str) -> str:
    """Write a field of CSV so that no terminal obeys it, and no spreadsheet takes it for a formula.

    `=1+1` gets a quote before it, `-1.5` and other numbers do not. Line breaks and tabs stay.
    """
    text = _COMMANDS.sub(lambda found: ascii(found[0])[1:-1], text)
    return f"'{text}" if text[:1] in _FORMULA and not _NUMBER.fullmatch(text) else text


_COMMANDS = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|-Infinity|-INF")


def _print_jsonl(rows: Iterable[Row], names: Sequence[str], delimiter: str) -> None:
    for row in rows:
        sys.stdout.write(_json_of(row) + "\n")


def _print_json(rows: Iterable[Row], names: Sequence[str], delimiter: str) -> None:
    separator = "[\n"
    for row in rows:
        sys.stdout.write(separator + _json_of(row))
        separator = ",\n"
    sys.stdout.write("\n]\n" if separator == ",\n" else "[]\n")


def _print_csv(rows: Iterable[Row], names: Sequence[str], delimiter: str) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n", delimiter=delimiter)
    writer.writerow(map(_harmless, names))
    for row in rows:
        writer.writerow(["" if row.get(name) is None else _harmless(_text_of(row[name])) for name in names])


def _print_table(rows: Iterable[Row], names: Sequence[str], delimiter: str) -> None:
    """Print a table. A terminal gets as many columns as fit, with long values cut."""
    on_terminal = sys.stdout.isatty()
    titles = list(map(_printable, names))
    widths = list(map(cell_len, titles))
    with Spool() as lines:  # the widths of columns are known after the last row
        for row in rows:
            cells = [_printable(_text_of(row.get(name))) for name in names]
            widths = [max(width, cell_len(cell)) for width, cell in zip(widths, cells, strict=True)]
            lines.append(cells)
        if on_terminal:
            room = Console().width
            widths = [min(width, WIDEST_CELL, max(room - 4, 1)) for width in widths]
            fitting = [n for n, total in enumerate(accumulate(w + 3 for w in widths)) if total < room]
            widths = widths[: max(len(fitting), 1)]
            if len(widths) < len(titles):
                hidden = ", ".join(titles[len(widths) :])
                click.echo(f"no room for {hidden}; --output jsonl has all", err=True)
        if not widths:
            return
        borders = "╭┬╮├┼┤╰┴╯─│" if (sys.stdout.encoding or "").lower().startswith("utf") else "+" * 9 + "-|"
        dashes = [borders[9] * (width + 2) for width in widths]
        top, middle, bottom = (borders[n] + borders[n + 1].join(dashes) + borders[n + 2] for n in (0, 3, 6))
        click.echo(top)
        click.secho(_table_line(titles, widths, borders[10]), bold=True)
        click.echo(middle)
        for cells in lines:
            sys.stdout.write(_table_line(cells, widths, borders[10]) + "\n")
        click.echo(bottom)


def _table_line(cells: Sequence[str], widths: Sequence[int], border: str) -> str:
    fitted = [
        set_cell_size(cell, width) if cell_len(cell) <= width else set_cell_size(cell, width - 1) + "…"
        for cell, width in zip(cells, widths, strict=False)
    ]
    return f"{border} {f' {border} '.join(fitted)} {border}"


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
