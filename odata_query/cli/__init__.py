"""The command line: queries on files, the tree of a filter, and what is wrong with a query."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath
from typing import Any, BinaryIO, NoReturn

import click
import rich.progress
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
from .files import DataError, Row, check_rows, from_texts, infer, read_model

LARGE_FILE = 10_000_000
"""Bytes from which reading a file shows its progress."""
WIDEST_CELL = 36
"""Characters of a value that a table on a terminal shows."""
_FORMATS = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}
_QUERY_STRING = re.compile(
    r"\?|(?:(?:\$|%24|@|%40)[\w.]*|filter|orderby|top|skip|count|select|expand|search)=", re.I
)

QUERY_HELP = """
    QUERY is a query string: "$filter=size gt 3&$orderby=name desc&$top=5", of $filter, $orderby, $top,
    $skip and $count. As in a URL, "+" is a space in it, and "%2B", "%25" and "%26" are "+", "%" and "&"; a
    space may stay a space. A text that begins with no option, "size gt 3", is a $filter, with nothing to
    decode. Put it in single quotes: in double quotes a shell takes $filter for a variable of its own;
    names of options can do without the "$".
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """OData queries on JSON and CSV files, and what is wrong with them."""
    if sys.stdout is None:
        raise click.ClickException("standard output is closed")
    # A lone surrogate becomes its escape, which is right in JSON; and what other programs read is UTF-8.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = stream.encoding if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


@main.command(epilog=QUERY_HELP)
@click.argument("file")
@click.argument("query")
@click.option("--model", "model_file", metavar="FILE", help="The model, in JSON; else it is inferred.")
@click.option("--format", "form", type=click.Choice(["json", "jsonl", "csv"]), help="What FILE holds.")
@click.option("--output", type=click.Choice(["table", "jsonl", "json", "csv"]), help="How to print the rows.")
def run(file: str, query: str, model_file: str | None, form: str | None, output: str | None) -> None:
    """Print the rows of FILE that QUERY asks for.

    FILE holds JSON (an array of objects, or an object with one), JSON Lines or CSV, by its suffix; "-" is
    standard input, with --format. A terminal gets a table, a pipe JSON Lines. $count=true also prints the
    number of all rows that the filter keeps, to standard error.

    Without a model the types are those of the values: texts that are all dates, date-times or GUIDs become
    such, and an "id" that is unique becomes the key. What a query cannot name, and what holds values
    of several types, is printed, but not part of the model. An empty field of CSV is null.
    """
    form = form or _FORMATS.get(PurePath(file).suffix.lower())
    if form is None:
        raise click.UsageError(f"What does {click.format_filename(file)} hold? Say so with --format.")
    with _messages():
        entity_type = None if model_file is None else _model(model_file)
        with _place(file):
            rows = list(_rows(file, form))
            typed = from_texts(rows, entity_type) if form == "csv" else rows
            if entity_type is not None:
                check_rows(typed, entity_type)
            elif rows:
                entity_type, left_out = infer(typed)
                _say_left_out(left_out)
        asked = _parsed(query, entity_type)
        # Without rows and model there is nothing to ask for, and nothing to get wrong.
        found = python.apply(typed, asked) if entity_type is not None else []
        if asked.count:
            kept = python.count(typed, asked) if entity_type is not None else 0
            click.echo(f"count: {kept}", err=True)
        output = output or ("table" if sys.stdout.isatty() else "jsonl")
        if form == "csv" and output in ("csv", "table"):
            # "1.50" is printed as it was, and not as the number that it was read as.
            originals = dict(zip(map(id, typed), rows, strict=True))
            found = [originals[id(row)] for row in found]
        _PRINT[output](found, rows)
        sys.stdout.flush()


@main.command()
@click.argument("filter")
def parse(filter: str) -> None:
    """Draw the tree of a FILTER, with the span of each part: "size gt 3 and contains(name,'x')"."""
    with _messages():
        for line in _drawn(parse_filter(filter)):
            click.echo(line)


@main.command(epilog=QUERY_HELP)
@click.argument("query")
@click.option("--model", "model_file", metavar="FILE", help="The model, in JSON; else only parse.")
def check(query: str, model_file: str | None) -> None:
    """Print all that is wrong with QUERY, or ok."""
    with _messages():
        entity_type = None if model_file is None else _model(model_file)
        try:
            _parsed(query, entity_type)
        except ODataError as wrong:
            click.echo(str(wrong))
            raise SystemExit(1) from None
        click.echo("ok")


@contextlib.contextmanager
def _messages() -> Iterator[None]:
    """What a file or a query can be wrong by, as a message and exit code 1."""
    try:
        yield
    except ODataError as wrong:
        click.echo(str(wrong), err=True)
        raise SystemExit(1) from None
    except (ConfigurationError, DataError) as wrong:
        raise click.ClickException(str(wrong)) from None
    except RecursionError:
        raise click.ClickException("the data nests too deeply") from None
    except OverflowError as wrong:
        raise click.ClickException(f"a computation leaves the range of its numbers: {wrong}") from None
    except BrokenPipeError:
        raise  # click ends quietly
    except OSError as wrong:
        raise click.ClickException(f"cannot write: {wrong.strerror or wrong}") from None


def _parsed(text: str, entity_type: EntityType | None) -> Query:
    """The query of an argument: a query string, or the text of a `$filter`."""
    if text.startswith("="):
        raise click.UsageError("A shell took $filter for a variable: put the query in single quotes.")
    if _QUERY_STRING.match(text):
        return parse_query(text, entity_type)
    return parse_query({"$filter": text}, entity_type)


# ---- reading -------------------------------------------------------------------------------------


@contextlib.contextmanager
def _place(file: str) -> Iterator[None]:
    """Names the file in what is wrong with it."""
    name = "standard input" if file == "-" else click.format_filename(file)
    try:
        yield
    except OSError as wrong:
        raise DataError(f"{name}: {wrong.strerror or wrong}") from None
    except DataError as wrong:
        raise DataError(f"{name}: {wrong}") from None
    except RecursionError:
        raise DataError(f"{name}: the data nests too deeply") from None


def _model(file: str) -> EntityType:
    with _place(file), _opened(file) as stream:
        return read_model(_json("".join(_lines(stream))))


def _opened(file: str) -> contextlib.AbstractContextManager[BinaryIO]:
    if file == "-":
        if sys.stdin is None:
            raise DataError("it is closed")
        return contextlib.nullcontext(sys.stdin.buffer)
    console = Console(stderr=True)
    if console.is_terminal and os.stat(file).st_size > LARGE_FILE:
        return rich.progress.open(file, "rb", console=console, transient=True)
    return open(file, "rb")


def _lines(stream: Iterable[bytes]) -> Iterator[str]:
    for number, line in enumerate(stream, 1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as wrong:
            raise DataError(f"line {number}, byte {wrong.start + 1} is no UTF-8") from None


def _rows(file: str, form: str) -> Iterator[Row]:
    with _opened(file) as stream:
        lines = _lines(stream)
        if form == "csv":
            yield from _csv_rows(lines)
        elif form == "json":
            for number, row in enumerate(_array(_json("".join(lines))), 1):
                yield _object(row, f"row {number}")
        else:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _object(_json(line, number), f"line {number}")


def _csv_rows(lines: Iterable[str]) -> Iterator[Row]:
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, [])
        if len(set(header)) < len(header):
            twice = next(name for name in header if header.count(name) > 1)
            raise DataError(f"two columns are called {shorten(repr(twice))}")
        for fields in reader:
            if len(fields) > len(header):
                raise DataError(f"line {reader.line_num} has {len(fields)} fields for {len(header)} columns")
            if fields:
                yield dict(zip(header, fields + [""] * (len(header) - len(fields)), strict=True))
    except csv.Error as wrong:
        raise DataError(f"line {reader.line_num}: {wrong}") from None


def _array(data: Any) -> list[Any]:
    """The rows of `[...]`, or of an object with one array: `{"@odata.context": "...", "value": [...]}`."""
    if isinstance(data, dict):
        arrays = {name: value for name, value in data.items() if isinstance(value, list)}
        if len(arrays) != 1 and "value" not in arrays:
            raise DataError(f"an object with one array is expected, and this one has {len(arrays)}")
        data = arrays["value"] if "value" in arrays else next(iter(arrays.values()))
    if not isinstance(data, list):
        raise DataError("an array of objects is expected")
    return data


def _object(row: Any, place: str) -> Row:
    if not isinstance(row, dict):
        raise DataError(f"{place} is no object")
    return row


def _json(text: str, line: int | None = None) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number, parse_float=_finite, parse_int=_whole)
    except json.JSONDecodeError as wrong:
        raise DataError(f"line {line or wrong.lineno}, column {wrong.colno}: {wrong.msg}") from None
    except DataError as wrong:
        raise DataError(f"line {line}: {wrong}" if line else str(wrong)) from None


def _no_number(text: str) -> NoReturn:
    raise DataError(f"{shorten(text)} is no number that can be read")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def _whole(text: str) -> int:
    # Python refuses to convert more digits than 4300.
    return int(text) if len(text) <= 4300 else _no_number(text)


# ---- printing ------------------------------------------------------------------------------------


def _visible(text: str) -> str:
    """The text with escapes for what would control the terminal."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _say_left_out(left_out: dict[str, str]) -> None:
    if left_out:
        shown = [f"{shorten(name)} ({why})" for name, why in list(left_out.items())[:5]]
        more = [f"{len(left_out) - 5} more"] if len(left_out) > 5 else []
        click.echo(f"left out of the model: {', '.join(shown + more)}", err=True)


def _text_of(value: Any) -> str:
    """`null`, `true`, `["a", 1]`; a text is itself."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _names(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _print_jsonl(rows: Sequence[Row], all_rows: Sequence[Row]) -> None:
    for row in rows:
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


def _print_json(rows: Sequence[Row], all_rows: Sequence[Row]) -> None:
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    sys.stdout.write(f"[\n{lines}\n]\n" if rows else "[]\n")


def _print_csv(rows: Sequence[Row], all_rows: Sequence[Row]) -> None:
    names = _names(all_rows)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        values = (row.get(name) for name in names)
        writer.writerow(["" if value is None else _text_of(value) for value in values])


def _print_table(rows: Sequence[Row], all_rows: Sequence[Row]) -> None:
    """A table. A terminal gets the first columns, as many as it has room for, with long values cut."""
    on_terminal = sys.stdout.isatty()
    console = Console() if on_terminal else Console(width=1_000_000)
    table = Table(box=box.ROUNDED)
    names = _names(all_rows)
    columns: list[list[str]] = []
    room = console.width
    for name in names:
        cells = [_visible(_text_of(row.get(name))) for row in rows]
        width = max(map(cell_len, (_visible(name), *cells)))
        room -= min(width, WIDEST_CELL if on_terminal else width) + 3
        if room < 1 and columns:
            hidden = ", ".join(map(_visible, names[len(columns) :]))
            click.echo(f"no room for {hidden}; --output jsonl has all", err=True)
            break
        columns.append(cells)
        cut = WIDEST_CELL if on_terminal else None
        table.add_column(Text(_visible(name)), no_wrap=True, overflow="ellipsis", max_width=cut)
    for row in zip(*columns, strict=True):
        table.add_row(*map(Text, row))
    if columns:
        console.print(table)


_PRINT = {"table": _print_table, "jsonl": _print_jsonl, "json": _print_json, "csv": _print_csv}


# ---- trees ---------------------------------------------------------------------------------------


def _drawn(root: Node) -> Iterator[str]:
    """The lines of a tree. rich.tree would leave out what is deeper than a line is long."""
    pending = [(root, "", "", "")]
    while pending:
        node, indent, branch, beneath = pending.pop()
        name, kind = _label(node)
        shown = click.style(_visible(name), bold=True)
        yield f"{indent}{branch}{shown}  {kind} {node.span[0]}..{node.span[1]}"
        for position, child in enumerate(reversed(node.children())):
            guides = ("├── ", "│   ") if position else ("└── ", "    ")
            pending.append((child, indent + beneath, *guides))


def _label(node: Node) -> tuple[str, str]:
    """What a node says itself, and what it is: `eq` and `operator`, `'jpg'` and `Edm.String`."""
    match node:
        case Literal():
            return unparse(node), node.type.name
        case Path():
            names = [part if isinstance(part, str) else f"{part.function}(...)" for part in node.segments]
            return "/".join(names), "path"
        case Call() if node.function == "()":
            return "()", "key"
        case Call():
            operation = OPERATIONS.get(node.function)
            is_operator = operation is not None and operation.is_operator
            return node.function, "operator" if is_operator else "function"
        case Lambda():
            return f"{node.variable}:", "lambda"
        case NamedValue():
            return f"{node.name}=", "argument"
        case TypeName():
            return node.name, "type"
    return {"ListExpr": "(...)", "RecordExpr": "{...}"}.get(type(node).__name__, ""), "list"
