r"""A linear-time matcher for the patterns of OData's ``matchespattern``.

    GET /Products?$filter=matchespattern(Name,'^A.*e$')

The pattern is an ECMAScript regular expression that a stranger wrote. Python's ``re`` backtracks:
``(a+)+$`` keeps it busy for years, so it must never run such a pattern. Instead,

1. the pattern becomes a nondeterministic automaton by Thompson's construction (K. Thompson,
   "Regular expression search algorithm", CACM 11(6), 1968): as it is read, each piece of it is laid
   as arcs from one state to another. A count, as in ``a{9}``, copies the states of its piece, and
   is reported before that if there would be too many;
2. a text is read once, with the set of all states that may be current. Each such set is one state of
   a deterministic automaton whose moves are cached, so that reading a character is one look-up after
   warm-up, and at worst one visit of every arc.

A set is stored *before* the arcs that read nothing are followed, with the kind of the character before
it. Those arcs are followed once the next character, or the end of the text, is known, so ``^``, ``$``,
``\b`` and ``\B`` are decided exactly and cached like the rest.

The meaning is that of the ``u`` flag (code points, strict escapes) and no other, except that a
``{``, ``}`` or ``]`` which counts or closes nothing is an ordinary character.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from contextlib import suppress
from itertools import pairwise
from threading import Lock
from typing import TypeAlias

from .problems import Phrase

# A set of code points is a sorted tuple of bounds: the first is in, the second out, and so on.
_Set: TypeAlias = tuple[int, ...]
# The set to read one of, the condition ("^", "$", r"\b", r"\B") or "" for none; and the target.
_Arc: TypeAlias = tuple[_Set | str, int]

_SYNTAX = r"^$\.*+?()[]{}|"
_BEYOND = 0x110000  # the bound above every code point
_CACHE_CELLS = 20_000  # bounds the memory of one deterministic automaton, to some 2 MB
_KEPT_STATES = 20_000  # of all patterns that are kept
_FULL = 8  # deterministic automata of that size; with more patterns each one is smaller
_FEW_MOVES = 400  # so many are found in less than a millisecond


def _negate(members: _Set) -> _Set:
    return tuple(sorted({0, _BEYOND} ^ set(members)))


_DIGIT = (0x30, 0x3A)
_WORD = (0x30, 0x3A, 0x41, 0x5B, 0x5F, 0x60, 0x61, 0x7B)
_SPACE: _Set = (0x09, 0x0E, 0x20, 0x21, 0xA0, 0xA1, 0x1680, 0x1681, 0x2000, 0x200B, 0x2028, 0x202A)
_SPACE += (0x202F, 0x2030, 0x205F, 0x2060, 0x3000, 0x3001, 0xFEFF, 0xFF00)
_DOT = _negate((0x0A, 0x0B, 0x0D, 0x0E, 0x2028, 0x202A))
_ESCAPES: dict[str, _Set] = {char: (ord(char), ord(char) + 1) for char in _SYNTAX + "/"}
_ESCAPES |= {char: (code, code + 1) for code, char in enumerate("tnvfr", start=0x09)}
_ESCAPES |= {"d": _DIGIT, "D": _negate(_DIGIT), "w": _WORD, "W": _negate(_WORD)}
_ESCAPES |= {"s": _SPACE, "S": _negate(_SPACE)}
_CLASS_ESCAPES = _ESCAPES | {"-": (0x2D, 0x2E), "b": (0x08, 0x09)}

# The tokens of a pattern. These expressions are our own and do not backtrack.
_QUANTIFIER = re.compile(r"(?:([*+?])|\{([0-9]++)(?:(,)([0-9]*+))?\})\??")
_GROUP = re.compile(r"\((?!\?)|\(\?(?::|<(?!\d)[\w$]++>)")
_CONDITION = re.compile(r"[$^]|\\[bB]")
_ORDINARY = re.compile(r"[^\\\]-]+(?!-)")  # in a class; a character before `-` may begin a range
_CODE = re.compile(
    r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|x([0-9a-fA-F]{2})"
    r"|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]++)\}|c([a-zA-Z])|0(?![0-9]))"
)


class PatternError(ValueError):
    """An invalid or unsupported pattern, as in ``matchespattern(Name,'a(')``.

    ``position`` is the offset of the cause in the pattern. ``unsupported`` is True for valid ECMAScript
    that this matcher does not run: lookaround and back references, which take more than linear time,
    Unicode properties and modifiers.
    """

    def __init__(self, reason: str, position: int, *, unsupported: bool = False, **values: int) -> None:
        super().__init__(reason, position)
        self.reason = Phrase(reason, **values)
        self.position = position
        self.unsupported = unsupported

    def __str__(self) -> str:
        return f"{self.reason} at position {self.position}"


class PatternTooLarge(PatternError):
    """A pattern that needs more states than are allowed."""


class _Compiler:
    """A compiler that lays each piece of a pattern as arcs from the last state to a new last one.

    Two rules make that sound: nothing leaves the last state yet, and a piece that may repeat ends before
    the last state, so that no later piece can lead back into it.
    """

    def __init__(self, text: str, max_states: int) -> None:
        self.text = text
        self.max_states = max_states
        self.position = 0
        self.arcs: list[list[_Arc]] = [[("", 1)], []]

    def run(self) -> list[list[_Arc]]:
        arcs = self.arcs
        # For each open group: its offset, its first state, and the last states of its branches.
        groups: list[tuple[int, int, list[int]]] = [(0, 0, [])]
        while (start := self.position) < len(self.text):
            char = self.text[start]
            last = len(arcs) - 1
            _, entry, ends = groups[-1]
            if _QUANTIFIER.match(self.text, start):
                raise PatternError("nothing-to-repeat", start)
            if char == "(":
                if not (found := _GROUP.match(self.text, start)):
                    known = self.text.startswith((*"=!ims-", "<=", "<!"), start + 2)
                    message = "unsupported-group" if known else "invalid-group"
                    raise PatternError(message, start, unsupported=known)
                self.position = found.end()
                groups.append((start, last, []))
                self.lay("", last)
            elif char == "|":
                self.position += 1
                ends.append(last)
                self.lay("", entry)
            elif found := _CONDITION.match(self.text, start):
                self.position = found.end()
                self.lay(found[0], last)
            elif char == ")":
                if len(groups) == 1:
                    raise PatternError("unmatched-parenthesis", start)
                self.position += 1
                groups.pop()
                if ends:
                    self.lay("", *ends, last)
                self.quantify(entry)
            else:
                members = self.character_class() if char == "[" else self.character(_ESCAPES)
                self.lay(_DOT if char == "." else members, last)
                self.quantify(last)
        opened, _, ends = groups[-1]
        if len(groups) > 1:
            raise PatternError("unclosed-group", opened)
        if ends:
            self.lay("", *ends, len(arcs) - 1)
        return arcs

    def lay(self, label: _Set | str, *sources: int) -> None:
        """Add a state and an arc to it from each source."""
        self.limit(1)
        for source in sources:
            self.arcs[source].append((label, len(self.arcs)))
        self.arcs.append([])

    def limit(self, added: int) -> None:
        if len(self.arcs) + added > self.max_states:
            raise PatternTooLarge("too-many-states", self.position, most=self.max_states)

    def quantify(self, entry: int) -> None:
        """Apply the quantifier that follows, if there is one, to the piece from ``entry`` on."""
        arcs, start = self.arcs, self.position
        if not (found := _QUANTIFIER.match(self.text, start)):
            return
        sign, least, comma, most = found.groups(default="")
        # Ten digits are enough to refuse a count, and int() does not take very long numbers.
        low = int(least.lstrip("0")[:10] or sign == "+")
        high = int(most.lstrip("0")[:10] or sign == "?")
        if most and high < low:
            raise PatternError("counts-out-of-order", start)
        loops = sign in ("*", "+") or bool(comma and not most)
        copies = max(low, high, 1)
        width = len(arcs) - 1 - entry
        self.limit((copies - 1) * width)
        self.position = found.end()
        piece = arcs[entry:-1]
        arcs.pop()
        for shift in range(width, copies * width, width):
            arcs += ([(label, target + shift) for label, target in leaving] for leaving in piece)
        arcs.append([])
        if loops:
            last = len(arcs) - 1
            arcs[last].append(("", last - width))
            self.lay("", last)
        elif not low and not high:
            arcs[entry].clear()
        for copy in range(low, copies):
            arcs[entry + copy * width].append(("", len(arcs) - 1))

    def character(self, escapes: dict[str, _Set]) -> _Set:
        """Read a character, or an escape of the given table."""
        start = self.position
        char, name = self.text[start], self.text[start + 1 : start + 2]
        if char != "\\":
            self.position += 1
            return (ord(char), ord(char) + 1)
        if name in escapes:
            self.position += 2
            return escapes[name]
        if found := _CODE.match(self.text, start):
            self.position = found.end()
            lead, trail, *digits, letter = found.groups(default="")
            code = ord(letter) % 32 if letter else int("".join(digits) or "0", 16)
            if lead:
                code = 0x10000 + (int(lead, 16) % 0x400 << 10) + int(trail, 16) % 0x400
            if code < _BEYOND:
                return (code, code + 1)
        known = name in ("p", "P") or (escapes is _ESCAPES and name in tuple("k123456789"))
        message = "unsupported-escape" if known else "invalid-escape"
        raise PatternError(message, start, unsupported=known)

    def character_class(self) -> _Set:
        opening = self.position
        negated = self.text.startswith("[^", opening)
        self.position += 1 + negated
        pairs: list[tuple[int, int]] = []
        while (start := self.position) < len(self.text) and self.text[start] != "]":
            if found := _ORDINARY.match(self.text, start):
                self.position = found.end()
                pairs += [(code, code + 1) for code in map(ord, set(found[0]))]
                continue
            members = self.character(_CLASS_ESCAPES)
            following = self.text[self.position : self.position + 2]
            if len(following) == 2 and following[0] == "-" and following[1] != "]":
                self.position += 1
                last = self.character(_CLASS_ESCAPES)
                if members[-1] - members[0] > 1 or last[-1] - last[0] > 1 or members > last:
                    raise PatternError("invalid-range", start)
                members = (members[0], last[1])
            pairs += zip(members[::2], members[1::2], strict=True)
        if start == len(self.text):
            raise PatternError("unclosed-class", opening)
        self.position += 1
        bounds: list[int] = []
        for first, end in sorted(pairs):
            if bounds and first <= bounds[-1]:
                bounds[-1] = max(bounds[-1], end)
            else:
                bounds += (first, end)
        return _negate(tuple(bounds)) if negated else tuple(bounds)


class _State(dict[str, "_State"]):
    """A state of the deterministic automaton: the moves known so far, by character."""

    __slots__ = ("follows_word", "members", "pattern")

    def __init__(self, pattern: Pattern, members: frozenset[int], follows_word: bool | None):
        self.pattern = pattern
        self.members = members
        self.follows_word = follows_word  # None at the start of the text

    def __missing__(self, char: str) -> _State:
        self[char] = state = self.pattern._move(self, char)
        return state


class Pattern:
    """A compiled pattern, made by :func:`compile`. Threads may share it.

    A search caches only what follows from the pattern, so a race between threads costs at most some work
    that is done twice.
    """

    def __init__(self, source: str, arcs: list[list[_Arc]]) -> None:
        self._literal = source if set(source).isdisjoint(_SYNTAX) else None
        self._arcs = arcs  # by the state left; 0 is the start, and the last state the goal
        self.states = 1 if self._literal is not None else len(arcs)
        self._has_boundaries = any(label in (r"\b", r"\B") for arc in arcs for label, _ in arc)
        self._goal = _State(self, frozenset(), None)
        self._states: dict[tuple[frozenset[int], bool | None], _State] = {}
        self._cells = 0

    def search(self, text: str) -> bool:
        """Return True if the pattern matches part of the text: ``matchespattern(text,'...')``."""
        if self._literal is not None:
            return self._literal in text
        goal = self._goal
        state = self._state(frozenset({0}), None)
        for char in text:
            state = state[char]
            if state is goal:
                return True
        return state[""] is goal

    def is_small(self) -> bool:
        """Return True if few sets of states can be current: `^A.*e$`, but not `a.{14}b`.

        Then nearly every move of a search is a cached one. Tries each set with a character of each kind.
        """
        labels = {label for arcs in self._arcs for label, _ in arcs if isinstance(label, tuple)} | {_WORD}
        bounds = sorted([(0, 0), *((code, 1 << n) for n, label in enumerate(labels) for code in label)])
        kind, kinds = 0, {}
        for (code, bit), (end, _) in pairwise([*bounds, (_BEYOND, 0)]):
            kind ^= bit
            if code < end:
                kinds[kind] = chr(code)
        characters = ["", *kinds.values()]
        pending = [self._state(frozenset({0}), None)]
        known = {id(self._goal), id(pending[0])}
        for tried, state in enumerate(pending):
            if tried * len(characters) > _FEW_MOVES:
                return False
            following = [state[char] for char in characters]
            pending += {id(s): s for s in following if id(s) not in known}.values()
            known.update(map(id, following))
        return True

    def _state(self, members: frozenset[int], follows_word: bool | None) -> _State:
        key = (members, follows_word)
        state = self._states.get(key)
        if state is None:
            self._cells += len(members) + 4  # of the state itself
            state = self._states[key] = _State(self, members, follows_word)
        return state

    def _move(self, state: _State, char: str) -> _State:
        """Find the state after a character, or after the end of the text, given as ""."""
        self._cells += 1
        if self._cells > _CACHE_CELLS * _FULL // max(_FULL, len(_kept)):
            self._states.clear()
            self._cells = 0
        code = ord(char) if char else -1
        is_word = bisect_right(_WORD, code) % 2 == 1
        holding = {"", r"\b" if is_word != bool(state.follows_word) else r"\B"}
        if state.follows_word is None:
            holding.add("^")
        if not char:
            holding.add("$")
        current = set(state.members)
        todo = list(current)
        following = {0}  # the search may also begin after this character
        while todo:
            for label, target in self._arcs[todo.pop()]:
                if isinstance(label, tuple):
                    if bisect_right(label, code) % 2:
                        following.add(target)
                elif label in holding and target not in current:
                    current.add(target)
                    todo.append(target)
        if len(self._arcs) - 1 in current:
            return self._goal
        return self._state(frozenset(following), is_word and self._has_boundaries)


def compile(pattern: str, *, max_states: int = 2_000) -> Pattern:
    """Compile the pattern of ``matchespattern(Name,'^A.*e$')``, or raise :class:`PatternError`.

    ``max_states`` bounds the automaton, and so the work for each character of a text.
    """
    return Pattern(pattern, _Compiler(pattern, max_states).run())


_kept: dict[str | tuple[str, int], Pattern | None] = {}
_lock = Lock()


def kept(pattern: str, max_states: int = 100_000) -> Pattern | None:
    """Compile a pattern, or take it from those kept; None if it is invalid or too large.

    What the patterns take together is bounded, whatever rows and queries ask for.
    """
    key = (pattern, max_states)
    found = _kept.get(pattern) or _kept.get(key)
    if found is not None or key in _kept:
        return None if found is None or found.states > max_states else found
    with suppress(PatternError):
        found = compile(pattern, max_states=max_states)
    with _lock:
        _kept[key if found is None else pattern] = found
        while sum(1 if each is None else each.states for each in _kept.values()) > _KEPT_STATES:
            del _kept[next(iter(_kept))]
    return found


def within(max_states: int, pattern: str | None) -> str | None:
    """Return a pattern, or null if it needs more states than the query may use."""
    return None if pattern is None or kept(pattern, max_states) is None else pattern


def search(text: str, pattern: str | None) -> bool | None:
    """Search a text for a pattern; null for one that is not valid: `matchespattern(name,other)`."""
    found = None if pattern is None else kept(pattern)
    return None if found is None else found.search(text)
