"""The catalogue of problems: each code once, with all that is said about it.

The parser, the validator and the backends name a message, as `wrong-type` or `wrong-type.compare`, and
give what it is filled with; nothing else words a problem. Other languages are in odata_query/languages/.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Phrase(str):
    """Words of the library in a message: they are translated, and not cut as those of a query are."""

    __slots__ = ()


class Name(str):
    """A name of the model or of the library in a message: it stays as it is."""

    __slots__ = ()


class Wording(NamedTuple):
    """What is said about a problem in one language.

    title     the problem in general: for documentation
    mend      how to mend it
    messages  templates by variant; the empty one has the code alone as its name
    """

    title: str
    mend: str
    messages: Mapping[str, str]


class Entry(NamedTuple):
    """One problem.

    kind     `parse` (malformed), `validation` (invalid data), `limit` or `unsupported`
    subcode  behind the status, where services tell problems apart by numbers: 400.20
    example  a query that has the problem, over the model and the limits of grammar/reference.py
    wording  in English
    """

    kind: str
    subcode: int
    example: str
    wording: Wording


def wording(title: str, mend: str, **messages: str) -> Wording:
    """What is said in a language: `one` is the message without a variant, `compare_text` that of `compare-text`."""
    one = messages.pop("one")
    variants = {name.rstrip("_").replace("_", "-"): text for name, text in messages.items()}
    return Wording(title, mend, {"": one, **variants})


def _entry(kind: str, subcode: int, title: str, example: str, mend: str, **messages: str) -> Entry:
    return Entry(kind, subcode, example, wording(title, mend, **messages))


PROBLEMS: Mapping[str, Entry] = {
    # ---- malformed: the text is not the language
    "empty-expression": _entry(
        "parse", 1, "The option has no value", "$filter=", "Leave the option out, or give it an expression.",
        one="The expression is empty.",
    ),
    "invalid-character": _entry(
        "parse", 2, "A character stands where none of the language can", "$filter=reference eq ‘a’",
        "Take the character out, or put it into a string in straight single quotes.",
        one="{character} cannot stand in a name.",
        quote="A string is written in straight single quotes: 'text'.",
        half="{character} is half of a character.",
        here="{character} cannot stand here.",
    ),
    "invalid-encoding": _entry(
        "parse", 3, "The encoding of the query string is broken", "$filter=reference eq 'a%zz'",
        "Encode the names and values of the query string as UTF-8, then percent-encode them, once.",
        one="The query string is not UTF-8 in percent-encoding.",
        ampersand="An '&' ends an option: inside a value it is written %26, and conditions are joined by 'and'.",
        percent="A '%' that two hexadecimal digits do not follow is written %25 in a URL.",
        twice="The value is percent-encoded twice: '{escape}' is left after decoding.",
        plus="A '+' in a URL means a space: the offset of a time is written %2B{offset}.",
    ),
    "invalid-literal": _entry(
        "parse", 4, "A literal has the form of its type, but is not a value of it", "$filter=createdOn gt 2024-13-01",
        "Write the value as the message says.",
        one="This is no value of {type}.",
        month="The month must be in 1..12.",
        day="The day must be in 1..31.",
        year="A year has four digits, or more that do not start with 0.",
        hour="The hour must be in 0..23.",
        minute="The minute must be in 0..59.",
        second="The second must be in 0..60.",
        date="A date is written without a prefix and quotes: 2024-01-31.",
        datetime="A date and time is written without a prefix and quotes: 2024-01-31T12:00:00Z.",
        guid="A Guid is written without a prefix and quotes: 01234567-89ab-cdef-0123-456789abcdef.",
        time="A time of day is written without a prefix and quotes: 12:30:00.",
        binary="Binary is written as binary'...', in base64url.",
        prefix="'{prefix}' is no prefix of a literal.",
        suffix="A number is written without the suffix '{suffix}': {number}.",
        short_date="A date is written with two digits for the month and the day: {date}.",
        slashed_date="A date is written with its year first, joined by '-': 2024-01-31.",
        blank_time="A date and its time are joined by a T: {date}T{time}.",
        number="A number is written in digits, with a '.' between digits if it has a fraction: 1000.5.",
        offset="The offset of a time is written with a ':': {offset}.",
        double_quotes="A string is written in single quotes: 'text'.",
        backquote="A name is written without quotes or brackets.",
        escape="JSON has no such escape.",
        escaped_character="An escape gives a character that no string holds.",
        geo="The geographic value cannot be read: {reason}.",
    ),
    "invalid-name": _entry(
        "parse", 5, "A name is not what names can be", "@=1",
        "Names are letters, digits and underscores, at most 128, and begin with no digit.",
        one="A name is missing here.",
        long="A name has at most {most} characters.",
        alias="A parameter alias is '@' and a name.",
    ),
    "invalid-option-value": _entry(
        "parse", 6, "The value of $top, $skip or $count is not what the option takes", "$top=ten",
        "Give $top and $skip a whole number, $count true or false.",
        one="{option} is a whole number, written in the digits 0 to 9.",
        negative="{option} is a whole number, 0 or more.",
        boolean="$count is true or false.",
    ),
    "missing-operand": _entry(
        "parse", 7, "The text ends, or goes on, where an operand must stand", "$filter=status eq",
        "Write the value or the property that the operator needs.",
        one="An operand is missing here.",
        after="An operand is missing after '{word}'.",
        expected="Expected {expected}.",
        all="'all' takes a lambda expression: tags/all(t: t ne 'x').",
        case="'case' takes conditions and values: case(a eq 1:'x',true:'y').",
        pairs="'case' takes pairs 'condition:value'.",
        type="'{function}' takes a type.",
    ),
    "missing-parenthesis": _entry(
        "parse", 8, "The text ends before a parenthesis, bracket or brace is closed", "$filter=(width gt 1",
        "Close what was opened, or take the opening sign out.",
        one="Expected an operator or {expected}.",
    ),
    "unclosed-string": _entry(
        "parse", 9, "A string has no closing quote", "$filter=status eq 'Ok",
        "Close the string. A quote inside it is doubled, and in a URL '&' is written %26 and '#' %23.",
        one="The string has no closing quote.",
        url="The string has no closing quote. In a URL, '&' inside a string is written %26 and '#' %23.",
    ),
    "unexpected-text": _entry(
        "parse", 10, "Text stands where an operator or the end must be", "$filter=width gt 1 height gt 1",
        "Join conditions by 'and' or 'or', and take out what is left over.",
        one="Expected {expected}.",
        operand="Expected an operand.",
        operator="Expected an operator.",
        operator_or="Expected an operator or {expected}.",
        read_as_name="Expected an operator. An operand is missing before '{word}', so it was read as a name.",
        unopened="Nothing is open that '{sign}' could close.",
        blank_call="Expected an operator; a function's '(' follows its name at once.",
        blank_before="White space must stand before '{word}'.",
        blank_after="White space must stand after '{word}'.",
        doubled_quote="Expected an operator. If the string goes on, a quote inside it is doubled: 'O''Neil'.",
        separator="Conditions are joined by 'and' or 'or', not by '{sign}'.",
        order_separator="The items of $orderby are separated by ',', not by '{sign}'.",
        after_direction="Expected ',' or the end behind '{word}'.",
        direction="'{word}' ends an item of $orderby, and stands nowhere else.",
        function="'{word}' is a function: its arguments stand in parentheses behind it.",
        list="A list after 'in' stands in parentheses: a in ('x','y').",
        literals="A list after 'in' holds literals only.",
        qualified="A qualified name is followed by '/', '(' or a quoted value.",
        dotted="A qualified name is followed by '/', '(' or a quoted value; a path is written {path}.",
        variable="Only $it, $this, $root, and behind a path $count and $filter, can stand here.",
        option_twice="The option's name stands in its value too: take '{name}=' out.",
        next_option="'{name}' is another option: in a URL an '&' stands before it, and it is no part of this value.",
        brace="A '{{' begins a JSON object, with names in double quotes. Lists stand in parentheses, names and Guids alone.",
        colon="A ':' stands in 'any', 'all' and 'case' only.",
        named="'{function}' takes its arguments without names.",
        lambda_="'{function}' takes a variable, a ':' and an expression: tags/{function}(t: t eq 'x').",
        lambda_name="'{function}' takes the name of a variable before the ':'.",
        lambda_one="'{function}' takes one lambda expression.",
        typed="'{function}' takes an expression and a type.",
        type_last="'{function}' takes a type as its last argument.",
        path_start="'{segment}' stands at the start of a path only.",
        behind_path="'{function}' stands behind a path: path/{function}(...).",
    ),
    "unknown-operator": _entry(
        "parse", 11, "The sign or word is no operator of OData", "$filter=status = 'Ok'",
        "Use eq, ne, gt, ge, lt, le, and, or, not, in, has, add, sub, mul, div, divby and mod.",
        one="'{sign}' is no operator of OData.",
        operator_function="'{word}' is an operator, not a function: a {word} b.",
        like="'LIKE' is no operator of OData: use contains, startswith or endswith.",
        ilike="'ILIKE' is no operator of OData: use contains(tolower(a),'b').",
        is_="'IS' is no operator of OData: null is compared by 'eq null' and 'ne null'.",
        between="'BETWEEN' is no operator of OData: write a ge 1 and a le 2.",
        pattern="'{sign}' is no operator of OData: use matchespattern(a,'b').",
        direction="'{sign}' is no direction of $orderby.",
        ternary="'?' is no operator of OData: use case(condition:value,true:other).",
        negated="'not' stands before what it negates: not (a in ('x')).",
    ),
    # ---- invalid: the language, but not about this model
    "alias-cycle": _entry(
        "validation", 20, "A parameter alias is defined by itself", "$filter=width gt @w&@w=@w",
        "Give the alias a value that does not use it.",
        one="The parameter alias {name} is defined by itself.",
    ),
    "division-by-zero": _entry(
        "validation", 21, "An integer or decimal is divided by a literal zero", "$filter=width div 0 eq 1",
        "Divide by something else; a Double, as 0e0, gives INF.",
        one="The divisor is zero.",
    ),
    "duplicate-option": _entry(
        "validation", 22, "The same option is given twice", "$top=1&$top=2",
        "Give each option once; join two filters by 'and'.",
        one="{option} is given twice.",
    ),
    "invalid-argument": _entry(
        "validation", 23, "An argument's value is outside what the function takes",
        "$filter=substring(reference,0,-1) eq 'a'", "Give the function a value that it takes.",
        one="The length of a substring is 0 or more.",
    ),
    "invalid-pattern": _entry(
        "validation", 24, "The regular expression is malformed", "$filter=matchespattern(reference,'a(')",
        "Write an ECMAScript regular expression.",
        one="The pattern cannot be used: {reason} at position {at}.",
    ),
    "literal-out-of-range": _entry(
        "validation", 25, "A literal is outside the range of its type", "$filter=createdOn gt 2024-02-30",
        "Write a value that the type has.",
        one="This is no value of {type}.",
        number="The number is outside the range of {type}.",
        year="The year must be in 1..9999.",
        day="There is no day {day} in {month}.",
        time="A time of day is written hh:mm:ss.",
        leap_second="A leap second has no place in a time of day.",
        fraction="A time is exact to the microsecond: at most 6 digits of a second.",
        moment="The moment is outside the years 1..9999 in UTC.",
        duration="A duration is written P1DT2H3M4.5S.",
        duration_fraction="A duration is exact to the microsecond: at most 6 digits of a second.",
        duration_long="The duration is longer than 999999999 days.",
        engine="{engine} does not take this value: {reason}.",
    ),
    "not-a-path": _entry(
        "validation", 26, "A path goes on behind a value that has no members", "$filter=reference/length gt 3",
        "End the path before; ask about the members of a collection with any or all.",
        one="'{name}' is of type {type}, which has no properties.",
        collection="'{name}' is of type {type}, which has no properties. Ask about its members with any or all.",
        value="'{name}' gives a value, which has no properties.",
    ),
    "not-boolean": _entry(
        "validation", 27, "The filter, or an operand of and, or, not, is not Boolean", "$filter=reference",
        "Make it a condition, with a comparison or a function that gives true or false.",
        one="'{where}' takes Edm.Boolean, got {type}.",
        not_="'not' takes Edm.Boolean, got {type}. To negate a comparison, write not ({meant}).",
        literal="'{where}' takes Edm.Boolean, got {type}. Each condition is written whole: a eq 1 or a eq 2.",
    ),
    "not-filterable": _entry(
        "validation", 28, "The property cannot be used in $filter", "$filter=thumbnailUrl ne null",
        "Filter by another property.",
        one="'{property}' cannot be used in $filter.",
    ),
    "not-sortable": _entry(
        "validation", 29, "The property, or a value of this type, cannot be sorted by", "$orderby=tags",
        "Sort by another property.",
        one="'{property}' cannot be used in $orderby.",
        type="A value of type {type} cannot be sorted by.",
    ),
    "operation-not-allowed": _entry(
        "validation", 30, "The service does not allow this operator or function",
        "$filter=tolower(reference) eq 'a'", "Use the operators and functions that the service documents.",
        one="'{name}' is not allowed here.",
    ),
    "unknown-function": _entry(
        "validation", 31, "There is no such function", "$filter=containz(reference,'a')",
        "Use a function of OData 4.01.",
        one="There is no function '{name}'.",
        method="There is no function '{name}': what a function is about is its first argument, {function}(a,...).",
        substringof="OData 4 has no 'substringof': contains(text,part) takes the text first.",
    ),
    "unknown-member": _entry(
        "validation", 32, "The enumeration has no such member", "$filter=status eq 'Okay'",
        "Use a member of the enumeration.",
        one="{type} has no member '{name}'.",
    ),
    "unknown-option": _entry(
        "validation", 33, "There is no such system query option", "$fliter=width gt 1",
        "Use $filter, $orderby, $top, $skip or $count; names of your own options have no '$'.",
        one="There is no system query option {option}.",
    ),
    "unknown-property": _entry(
        "validation", 34, "The type has no such property", "$filter=fileTipe eq 'jpg'",
        "Use a property that the service documents, spelled and cased as it is there.",
        one="{type} has no property '{property}'.",
        unquoted="{type} has no property '{property}'. A text is written in quotes: '{property}'.",
        null="{type} has no property '{property}'. No value is written null.",
    ),
    "unknown-type": _entry(
        "validation", 35, "There is no such type", "$filter=isof(width,Edm.Int)",
        "Use a type of OData or of the service.",
        one="There is no type '{name}'.",
        here="There is no type '{name}' here.",
    ),
    "wrong-argument-count": _entry(
        "validation", 36, "The function takes another number of arguments", "$filter=contains(reference)",
        "Give the function as many arguments as it takes.",
        one="'{function}' takes {counts} arguments, got {given}.",
        single="'{function}' takes 1 argument, got {given}.",
    ),
    "wrong-type": _entry(
        "validation", 37, "The operands or arguments have types that do not go together", "$filter=width gt '5'",
        "Write the literal as its type demands: texts and enumerations in quotes, all else without.",
        one="'{function}' takes {taken}, got ({given}).",
        compare="'{operator}' cannot compare {left} with {right}.",
        compare_number="'{operator}' cannot compare {left} with {right}. A number is written without quotes.",
        compare_text="'{operator}' cannot compare {left} with {right}. A text is written in quotes.",
        compare_date="'{operator}' cannot compare {left} with {right}. A date or time is written without quotes.",
        compare_plain="'{operator}' cannot compare {left} with {right}. This value is written without quotes.",
        compare_members="'{operator}' cannot compare {left} with {right}. Members of a collection are asked about with any or all.",
        unordered="Values of {type} can be compared with null only.",
        descending="Descending order is written behind the item: {name} desc.",
        list="The members of a list have one type, got ({given}).",
        collections="'{function}' takes collections of one type, got ({given}).",
        has="'has' takes an enumeration, got {given}.",
        has_value="'has' takes a value of {type}, got {given}.",
        in_="'in' takes a list or a collection on its right, as ('x','y'), got {given}.",
        case="The values of case have one type, got ({given}).",
        behind="'{function}' stands behind a collection, not behind {given}.",
    ),
    # ---- too much
    "expression-too-deep": _entry(
        "limit", 60, "The expression nests too deeply", "$filter=((((((width gt 1))))))",
        "Take parentheses out, or split the query.",
        one="The expression nests more than {most} levels deep.",
    ),
    "expression-too-large": _entry(
        "limit", 61, "The expression has too many parts", "$filter=width in (1,2,3) or height in (1,2,3)",
        "Ask for less at once, for example with a shorter list.",
        one="The expression has {count} parts, more than {most}.",
        aliases="The parameter aliases expand to {count} parts, more than {most}.",
        engine="{engine} takes at most {most} {what}.",
        engine_depth="{engine} takes expressions that nest at most {most} deep.",
        engine_parser="{engine} cannot parse expressions that nest so deep.",
    ),
    "lambda-too-deep": _entry(
        "limit", 62, "Lambda expressions nest too deeply", "$filter=tags/any(a: tags/any(b: a eq b))",
        "Ask about fewer collections inside one another.",
        one="More than {most} lambda expressions in one another.",
    ),
    "list-too-long": _entry(
        "limit", 63, "A list has too many items", "$filter=width in (1,2,3,4)", "Split the list over several queries.",
        one="A list has more than {most} items.",
    ),
    "path-too-long": _entry(
        "limit", 64, "A path has too many segments", "$filter=a/b/c eq 1", "Use a shorter path.",
        one="A path has more than {most} segments.",
    ),
    "pattern-too-large": _entry(
        "limit", 65, "The regular expression is too large", "$filter=matchespattern(reference,'a{99}')",
        "Write a shorter pattern, or smaller counts.",
        one="The pattern needs more than {most} states, at position {at}.",
    ),
    "skip-too-large": _entry(
        "limit", 66, "$skip is larger than the service allows", "$skip=10001", "Narrow the filter instead.",
        one="$skip is at most {most}.",
    ),
    "text-too-long": _entry(
        "limit", 67, "The option is too long", "$filter=" + "reference eq 'a very long text' or " * 3 + "width gt 1",
        "Shorten the option.",
        one="The option has more than {most} characters.",
    ),
    "too-many-orderby-items": _entry(
        "limit", 68, "$orderby has too many items", "$orderby=width,height,reference", "Sort by fewer items.",
        one="$orderby has more than {most} items.",
    ),
    "top-too-large": _entry(
        "limit", 69, "$top is larger than the service allows", "$top=1001", "Ask for smaller pages, with $skip.",
        one="$top is at most {most}.",
    ),
    # ---- valid OData that is not offered
    "unsupported-expression": _entry(
        "unsupported", 1, "This form of expression is not offered", "$filter=$root/Images eq null",
        "Ask in another way.",
        one="{what} is not supported.",
        several="{what} are not supported.",
        here="{what} is not supported here.",
        engine="{what} is not supported by {engine}.",
        engine_cannot="{engine} cannot {what}.",
        behind="A path behind '{function}' is not supported.",
        cast="A cast from {source} to {target} is not supported.",
        pattern="The pattern cannot be used: {reason} at position {at}.",
    ),
    "unsupported-function": _entry(
        "unsupported", 2, "This function is not offered", "$filter=hassubset(tags,['a'])",
        "Ask in another way; the reference says what each database has.",
        one="{name} is not supported by {engine}: {reason}.",
        cast="A cast from {source} to {target} is not supported by {engine}: {reason}.",
        infinite="{name} with INF is not supported by {engine}.",
    ),
    "unsupported-option": _entry(
        "unsupported", 3, "This query option is not offered", "$expand=tags", "Leave the option out.",
        one="{option} is not supported.",
    ),
}  # fmt: skip
"""All problems by code."""

PHRASES: Mapping[str, str] = {
    "or": "{one} or {other}",
    "suggestion": "{message} Did you mean '{suggestion}'?",
    "position": "{message} (position {position})",
    "place": "{message} ({option}, position {position})",
    "several": "The request is invalid: {count} problems.",
    "failed": "Validation failed.",
    "malformed": "Malformed request",
    "invalid": "Invalid data",
    "unsupported": "Operation not supported",
    "400": "Bad Request",
    "422": "Unprocessable Content",
    "501": "Not Implemented",
}
"""What stands around messages. Words in messages (`Phrase`) are their own English text."""
