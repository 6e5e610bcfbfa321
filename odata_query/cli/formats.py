"""Rows of JSON, JSON Lines and CSV, read piece by piece, so that files can be larger than the memory."""

from __future__ import annotations

import codecs
import csv
import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple

from ..problems import shorten

Row = dict[str, Any]
_CHUNK = 1 << 18
"""Bytes that are read at once."""
_MOST_DIGITS = 4300
"""Digits that Python converts to an integer."""


class DataError(ValueError):
    """Rows or a model that cannot be used; the message names the place."""


class Format(NamedTuple):
    """The form of a file: `json`, `jsonl` or `csv`, its encoding, and the character between fields of CSV."""

    name: str
    encoding: str = "utf-8"
    delimiter: str = ","


class RowReader:
    """Reads the rows of a file, as often as it is asked to; those of CSV have texts alone."""

    def __init__(self, stream: BinaryIO, form: Format) -> None:
        self.stream, self.form = stream, form
        self.chosen: int | None = None
        """The number of the member with the rows, in an object of JSON."""

    def texts(self) -> Iterator[str]:
        self.stream.seek(0)
        return decoded(self.stream, self.form.encoding)

    def rows(self) -> Iterator[Row]:
        """Yield the rows. Raises DataError."""
        if self.form.name == "csv":
            return _csv_rows(_lines(self.texts()), self.form.delimiter)
        if self.form.name == "jsonl":
            lines = ((n, line.rstrip(" \t\r\n")) for n, line in enumerate(_lines(self.texts()), 1))
            return _objects((f"line {n}", read_json(line, n)) for n, line in lines if line.strip())
        if self.chosen is None:
            self.chosen = _chosen_array(_Document(self.texts()))
        found = _Document(self.texts()).items_of(self.chosen)
        return _objects(((f"row {number}", row) for number, row in enumerate(found, 1)), found)


def _objects(found: Iterable[tuple[str, Any]], document: Iterable[Any] = ()) -> Iterator[Row]:
    """Yield rows without their places. What is wrong with the rest of the document is reported first."""
    for place, row in found:
        if not isinstance(row, dict):
            for _ in document:
                pass
            raise DataError(f"{place} is not an object")
        yield row


# ---- text ----------------------------------------------------------------------------------------


def decoded(stream: BinaryIO, encoding: str) -> Iterator[str]:
    """Yield the text of a file in pieces."""
    is_utf8 = codecs.lookup(encoding).name == "utf-8"
    decoder = codecs.getincrementaldecoder("utf-8-sig" if is_utf8 else encoding)()
    done = 0
    while True:
        chunk = stream.read(_CHUNK)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeError as error:
            kept = len(getattr(error, "object", chunk)) - len(chunk)  # bytes of an unfinished character
            name = "UTF-8: use --encoding" if is_utf8 else encoding
            place = _place(stream, done - kept + getattr(error, "start", 0))
            raise DataError(f"{place} is not {name}") from None
        if text:
            yield text
        if not chunk:
            return
        done += len(chunk)


def _place(stream: BinaryIO, at: int) -> str:
    """Return the line of a byte of a file, and its place there."""
    stream.seek(0)
    for number, line in enumerate(stream, 1):
        if at < len(line):
            return f"line {number}, byte {at + 1}"
        at -= len(line)
    return "the end"


def _lines(texts: Iterable[str]) -> Iterator[str]:
    rest = ""
    for text in texts:
        *lines, rest = (rest + text).split("\n")
        for line in lines:
            yield line + "\n"
    if rest:
        yield rest


# ---- CSV -----------------------------------------------------------------------------------------


def _csv_rows(lines: Iterable[str], delimiter: str) -> Iterator[Row]:
    csv.field_size_limit(2**31 - 1)  # of this process; 131,072 characters by default
    reader = csv.reader(lines, strict=True, delimiter=delimiter)
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
    except csv.Error as error:
        raise DataError(f"line {reader.line_num}: {error}") from None


# ---- JSON ----------------------------------------------------------------------------------------


def read_json(text: str, line: int | None = None) -> Any:
    """Read a document, or a line of JSON Lines by its number. Raises DataError."""
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise DataError(f"line {line or error.lineno}, column {error.colno}: {error.msg}") from None
    except _WrongNumber as error:
        place = f"line {line}, column {error.find(text) + 1}: " if line else ""
        raise DataError(f"{place}{error}") from None


class _WrongNumber(DataError):
    """A number that cannot be read: JSON has no NaN and no infinities, and Python bounds the digits."""

    def __init__(self, number: str) -> None:
        super().__init__(f"cannot read the number {shorten(number)}")
        self.number = number

    def find(self, text: str) -> int:
        """Return the place of the number in a text: no other of the same digits was read before."""
        found = re.finditer(r'"(?:[^"\\]|\\.)*+"|[-+.\w]++', text)
        return next((match.start() for match in found if match.group() == self.number), 0)


def _number(text: str) -> int | float:
    is_whole = text.lstrip("-").isdigit()
    if len(text) > _MOST_DIGITS or not (is_whole or math.isfinite(float(text))):
        raise _WrongNumber(text)
    return int(text) if is_whole else float(text)


_DECODER = json.JSONDecoder(parse_constant=_number, parse_float=_number, parse_int=_number)
_SPACE = re.compile(r"[ \t\r\n]*")
_CUT = re.compile(r"[-+.eE0-9]*")
"""The rest of a text in which a number may go on."""


class _Document:
    """A document of JSON of which only the text around the next value is in memory."""

    def __init__(self, texts: Iterator[str]) -> None:
        self.texts = texts
        self.text, self.at = "", 0
        self.line, self.column = 1, 0
        """The place of the text's beginning in the file."""

    def more(self) -> bool:
        """Read on, and drop what was read; False at the end."""
        found = [self.text[self.at :]]
        size = 0
        while size <= len(found[0]):  # doubled, so that a value of many chunks is not read again for each
            following = next(self.texts, "")
            if not following:
                break
            found.append(following)
            size += len(following)
        if size:
            self.line, self.column = self.place(self.at)
            self.text, self.at = "".join(found), 0
        return size > 0

    def place(self, at: int) -> tuple[int, int]:
        """Return the line of a place in the text, and the number of characters before it."""
        newline = self.text.rfind("\n", 0, at)
        if newline < 0:
            return self.line, self.column + at
        return self.line + self.text.count("\n", 0, at), at - newline - 1

    def wrong(self, message: str, at: int) -> DataError:
        line, column = self.place(at)
        return DataError(f"line {line}, column {column + 1}: {message}")

    def peek(self) -> str:
        """Return the next character that is not white space, or an empty text at the end."""
        while True:
            space = _SPACE.match(self.text, self.at)
            assert space is not None, "it can be empty"
            self.at = space.end()
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def value(self) -> Any:
        """Read the value at this place."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                # The longest word is `-Infinity`; a text without its end is reported where it begins.
                is_cut = error.pos > len(self.text) - 16 or error.msg.startswith("Unterminated")
                if not (is_cut and self.more()):
                    raise self.wrong(error.msg, error.pos) from None
            else:
                if not _CUT.fullmatch(self.text, end) or not self.more():
                    self.at = end
                    return value

    def skip(self, sign: str, message: str) -> None:
        """Read a sign, or report that it is missing."""
        if self.peek() != sign:
            raise self.wrong(message, self.at)
        self.at += 1

    def parts(self, closing: str) -> Iterator[None]:
        """Pause before each part of an array or object, for the caller to read it."""
        self.at += 1
        if self.peek() != closing:
            yield
            while self.peek() != closing:
                self.skip(",", "Expecting ',' delimiter")
                self.peek()
                yield
        self.at += 1

    def items(self) -> Iterator[Any]:
        """Yield the items of an array."""
        for _ in self.parts("]"):
            yield self.value()

    def members(self) -> Iterator[str]:
        """Pause before the value of each member of an object, for the caller to read it; yield its name."""
        for _ in self.parts("}"):
            if self.text[self.at : self.at + 1] != '"':
                raise self.wrong("Expecting property name enclosed in double quotes", self.at)
            name = self.value()
            self.skip(":", "Expecting ':' delimiter")
            self.peek()
            yield name

    def end(self) -> None:
        if self.peek():
            raise self.wrong("Extra data", self.at)

    def items_of(self, chosen: int) -> Iterator[Any]:
        """Yield the items of an array that is the document, or the chosen member of the object."""
        if self.peek() == "[":
            yield from self.items()
            self.end()
        elif self.peek() == "{":
            for number, _ in enumerate(self.members()):
                if number == chosen:
                    yield from self.items()
                    return
                self.value()
        else:
            self.value()
            self.end()
            raise DataError("expected an array of objects")


def _chosen_array(document: _Document) -> int:
    """Return the number of the member with the rows: `value`, or the only array, as in
    `{"@odata.count": 7, "value": [...]}`; 0 if the document is not an object."""
    if document.peek() != "{":
        return 0
    arrays: dict[str, int] = {}
    for number, name in enumerate(document.members()):
        arrays.pop(name, None)  # the last of two with the same name counts
        if document.peek() == "[":
            arrays[name] = number
            for _ in document.items():
                pass
        else:
            document.value()
    document.end()
    if len(arrays) != 1 and "value" not in arrays:
        raise DataError(f"expected an object with one array, found {len(arrays)} arrays")
    return arrays.get("value", next(iter(arrays.values())))
