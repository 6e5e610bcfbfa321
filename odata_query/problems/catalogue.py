"""The catalogue of problems: each code once, with its kind, its sub-code and an example.

Texts are in text/en.json and the other languages beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Entry(NamedTuple):
    """One code.

    kind     `parse` (malformed), `validation` (invalid data), `limit` or `unsupported`
    subcode  the number after the status in a sub-code: 20 in `400.20`
    example  a query that has the problem, for the model and the limits of grammar/reference.py
    """

    kind: str
    subcode: int
    example: str


PROBLEMS: Mapping[str, Entry] = {
    # ---- malformed: the text is not OData
    "empty-expression": Entry("parse", 1, "$filter="),
    "invalid-character": Entry("parse", 2, "$filter=reference eq ‘a’"),
    "invalid-encoding": Entry("parse", 3, "$filter=reference eq 'a%zz'"),
    "invalid-literal": Entry("parse", 4, "$filter=createdOn gt 2024-13-01"),
    "invalid-name": Entry("parse", 5, "@=1"),
    "invalid-option-value": Entry("parse", 6, "$top=ten"),
    "missing-operand": Entry("parse", 7, "$filter=status eq"),
    "missing-parenthesis": Entry("parse", 8, "$filter=(width gt 1"),
    "unclosed-string": Entry("parse", 9, "$filter=status eq 'Ok"),
    "unexpected-text": Entry("parse", 10, "$filter=width gt 1 height gt 1"),
    "unknown-operator": Entry("parse", 11, "$filter=status = 'Ok'"),
    # ---- invalid: OData, but not for this model
    "alias-cycle": Entry("validation", 20, "$filter=width gt @w&@w=@w"),
    "division-by-zero": Entry("validation", 21, "$filter=width div 0 eq 1"),
    "duplicate-option": Entry("validation", 22, "$top=1&$top=2"),
    "invalid-argument": Entry("validation", 23, "$filter=substring(reference,0,-1) eq 'a'"),
    "invalid-pattern": Entry("validation", 24, "$filter=matchespattern(reference,'a(')"),
    "literal-out-of-range": Entry("validation", 25, "$filter=createdOn gt 2024-02-30"),
    "not-a-path": Entry("validation", 26, "$filter=reference/length gt 3"),
    "not-boolean": Entry("validation", 27, "$filter=reference"),
    "not-filterable": Entry("validation", 28, "$filter=thumbnailUrl ne null"),
    "not-sortable": Entry("validation", 29, "$orderby=tags"),
    "operation-not-allowed": Entry("validation", 30, "$filter=tolower(reference) eq 'a'"),
    "unknown-function": Entry("validation", 31, "$filter=containz(reference,'a')"),
    "unknown-member": Entry("validation", 32, "$filter=status eq 'Okay'"),
    "unknown-option": Entry("validation", 33, "$fliter=width gt 1"),
    "unknown-property": Entry("validation", 34, "$filter=fileTipe eq 'jpg'"),
    "unknown-type": Entry("validation", 35, "$filter=isof(width,Edm.Int)"),
    "unused-alias": Entry("validation", 38, "$filter=width gt 1&@w=1"),
    "wrong-argument-count": Entry("validation", 36, "$filter=contains(reference)"),
    "wrong-type": Entry("validation", 37, "$filter=width gt '5'"),
    # ---- over a limit
    "expression-too-deep": Entry("limit", 60, "$filter=((((((width gt 1))))))"),
    "expression-too-large": Entry("limit", 61, "$filter=width in (1,2,3) or height in (1,2,3)"),
    "lambda-too-deep": Entry("limit", 62, "$filter=tags/any(a: tags/any(b: a eq b))"),
    "list-too-long": Entry("limit", 63, "$filter=width in (1,2,3,4)"),
    "path-too-long": Entry("limit", 64, "$filter=a/b/c eq 1"),
    "pattern-too-large": Entry("limit", 65, "$filter=matchespattern(reference,'a{99}')"),
    "query-too-expensive": Entry("limit", 70, "$filter=hassubset(tags,tags)"),
    "skip-too-large": Entry("limit", 66, "$skip=10001"),
    "text-too-long": Entry("limit", 67, "$filter=" + "reference eq 'a very long text' or " * 3 + "width gt 1"),
    "too-many-aliases": Entry("limit", 71, "$filter=width in @a or height gt @b add @c&@a=[1]&@b=2&@c=3"),
    "too-many-orderby-items": Entry("limit", 68, "$orderby=width,height,reference"),
    "top-too-large": Entry("limit", 69, "$top=1001"),
    # ---- unsupported: valid OData that is not offered
    "unsupported-expression": Entry("unsupported", 1, "$filter=$root/Images eq null"),
    "unsupported-function": Entry("unsupported", 2, "$filter=hassubset(tags,['a'])"),
    "unsupported-option": Entry("unsupported", 3, "$expand=tags"),
}  # fmt: skip
"""All codes."""
