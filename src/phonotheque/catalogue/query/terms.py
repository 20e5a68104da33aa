"""A query taken apart: words, quoted words, and values behind a field's name.

    term  = [field ":"] (word | quoted)
    quoted = '"' anything, with "" for a quote '"'

A quote opens only where a term or a value begins, so `12" mix` is two words. A name before a colon
is a field only when a value follows at once: `Part 1: Dawn` and `https://a.example/` are words.

Laws: any text is taken apart or refused, in time in proportion to its length, which is bounded;
control characters, direction marks and unpaired surrogates are gone before anything is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from unicodedata import category

from phonotheque.catalogue.query.parsed import Field
from phonotheque.catalogue.query.refusals import ALIASES, refusal, unknown_field
from phonotheque.errors import BadRequestError

MAX_LENGTH = 2_000
"""Longest query in characters: some 300 words, far above any title."""

_QUOTES = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\uff02", '"'))
_UNSEEN = re.compile(r"[^\x20-\x7e]")
_HEAD = re.compile(r"(?P<sign>[-!]*)(?P<name>[A-Za-z_]+):(?P<next>//|.?)")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_WORD = re.compile(r"[^ ]+")
_NEGATED = re.compile(r'-["\w]')


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a query.

    Attributes:
        field: What the value is of; None for words.
        value: Without quotes; "" when nothing was typed.
        is_quoted: Whether it stood in quotes.
        written: As it was typed, for messages.
    """

    field: Field | None
    value: str
    is_quoted: bool
    written: str


def cleaned(text: str) -> str:
    """Return a text with one space between words and without what cannot be seen."""
    seen = _UNSEEN.sub(lambda found: _seen(found[0]), text.translate(_QUOTES))
    return " ".join(seen.split())


def _seen(letter: str) -> str:
    kind = category(letter)
    if kind == "Cf" and letter not in "\u200c\u200d":  # the joiners are part of spelling
        return ""
    return " " if kind in ("Cc", "Cs", "Co", "Cn") else letter


def iter_terms(text: str, *, is_typing: bool = False) -> Iterator[Term]:
    """Yield the terms of a query in order.

    Args:
        text: As it was typed.
        is_typing: The last quote may be open still.

    Raises:
        BadRequestError: It is too long, a quote is left open, a field is unknown, or something
            is to be left out.
    """
    if len(text) > MAX_LENGTH:
        raise refusal(
            text,
            f"it is {len(text):,} characters long, and at most {MAX_LENGTH:,} are read",
            "Search for fewer words.",
        )
    line, at, before = cleaned(text), 0, ""
    while at < len(line):
        if line[at] == " ":
            at += 1
            continue
        field, begin = _head(line, at)
        value, is_quoted, end = _value(line, begin, is_typing=is_typing)
        written = line[at:end]
        is_negated = before == "NOT" if field else not is_quoted and _NEGATED.match(written)
        if is_negated:
            raise _negation(written)
        yield Term(field, value, is_quoted, written)
        at, before = end, written


def _head(line: str, at: int) -> tuple[Field | None, int]:
    """Return the field that begins here, if any, and where its value begins."""
    found = _HEAD.match(line, at)
    if found is None or found["next"] == "//":
        return None, at
    name = found["name"]
    field = _FIELDS.get(name.lower())
    if field is None:
        if found["next"] in ("", " ") or found["sign"]:
            return None, at
        raise unknown_field(_WORD.match(line, at)[0], name)  # type: ignore[index]  # no space here
    if found["sign"]:
        raise _negation(_WORD.match(line, at)[0])  # type: ignore[index]
    return field, found.end("name") + 1


_FIELDS = {**{field.value: field for field in Field}, **ALIASES}


def _value(line: str, begin: int, *, is_typing: bool) -> tuple[str, bool, int]:
    """Return a value, whether it stood in quotes, and where it ends."""
    if line[begin : begin + 1] == '"':
        if quoted := _QUOTED.match(line, begin):
            return quoted[1].replace('""', '"').strip(), True, quoted.end()
        if not is_typing:
            raise refusal(
                line[begin:],
                "a quote is opened and not closed",
                'Close it. A quote within a word, as in 12", needs nothing.',
            )
        return line[begin + 1 :].replace('""', '"').strip(), True, len(line)
    word = _WORD.match(line, begin)
    return (word[0], False, word.end()) if word else ("", False, begin)


def _negation(written: str) -> BadRequestError:
    return refusal(
        written,
        "leaving out what has a word is not supported",
        "Search without it; to find the sign itself put the word in quotes.",
    )


def readings(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the queries that a shell may have handed over in pieces, the likelier first.

    A shell takes the quotes of `artist:"pink floyd"` away, and then it looks like `artist:pink` and
    a word. So a value that has spaces, and no quotes or fields in it, is read both ways.
    """
    both = (" ".join(map(_quoted_again, arguments)), " ".join(arguments))
    return tuple(dict.fromkeys(both))


def _quoted_again(argument: str) -> str:
    name, colon, value = argument.partition(":")
    is_value = colon and " " in value and not any(mark in value for mark in ':"')
    return f'{name}:"{value}"' if is_value and name.lower() in _FIELDS else argument
