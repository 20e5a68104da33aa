"""The list of all sentences that pages say, for translators: `python -m scripts.words`.

Law: `languages/en.json` holds each sentence of templates, modules and scripts once, in order; a
table of another language is a copy of it with the values translated.

Sentences are found where they are said: `t("…")`, `t.n(…, "…", "…")`, `words("…")`, `n(…, '…')`.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

ROOMS = [
    Path(__file__).parents[1] / "src" / "phonotheque" / "listen" / room
    for room in ("pages", "items")
]
TABLE = ROOMS[0] / "languages" / "en.json"

_CALL = re.compile(r"\b(?:t|t\.n|n)\(")
_TEXT = re.compile(r""""((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'""")
_SENTENCES = {"words", "t"}


def sentences() -> list[str]:
    """Return every sentence, sorted."""
    found: set[str] = set()
    for room in ROOMS:
        for path in sorted(room.rglob("*")):
            if path.suffix in (".html", ".xml", ".js"):
                found.update(_in_text(path.read_text("utf-8")))
            elif path.suffix == ".py":
                found.update(_in_module(path.read_text("utf-8")))
    return sorted(found)


def _in_text(text: str) -> Iterator[str]:
    """The texts that stand as arguments of a call, values by name left out."""
    for call in _CALL.finditer(text):
        depth, at = 1, call.end()
        while depth and at < len(text):
            string = _TEXT.match(text, at)
            if string:
                before = text[call.end() : at].rstrip()
                if depth == 1 and (before == "" or before.endswith(",")):
                    yield (string[1] or string[2] or "").replace("\\'", "'")
                at = string.end()
                continue
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(text[at], 0)
            at += 1


def _in_module(text: str) -> Iterator[str]:
    """The texts given to `words(…)` and `words.n(…)`, and those in tables beside them."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and _is_said(node.func):
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _in_table(node.value)


def _in_table(text: str) -> Iterator[str]:
    """A text that stands in a table is a sentence if it has a place for a number or a name."""
    if " " in text and re.search(r"\{(?:n|name)\}", text):
        yield text


def _is_said(called: ast.expr) -> bool:
    if isinstance(called, ast.Call):  # words_of(request)("…")
        return isinstance(called.func, ast.Name) and called.func.id == "words_of"
    name = called.value if isinstance(called, ast.Attribute) and called.attr == "n" else called
    last = name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "")
    return last in _SENTENCES


def table() -> str:
    """Return the table of English, as it is kept."""
    return json.dumps({one: one for one in sentences()}, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
