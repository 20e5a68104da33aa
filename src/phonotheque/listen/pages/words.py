"""The words of the pages: written in English, said in the language of whoever reads.

A sentence is its own key, as it stands in a template or a script, so that both read well; a table
of another language maps each to its translation (`languages/<code>.json`; `languages/en.json` lists
them all, and `python -m scripts.words` writes it anew).

Laws: what a table lacks is said in English; whatever is put into a sentence is escaped, unless it
is markup already.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib import resources
from string import Formatter
from typing import Any

from markupsafe import Markup, escape

from phonotheque.listen.asked_form import wishes
from phonotheque.publish.pages.texts import format_count

ENGLISH = "en"


class Words:
    """One language. Called with a sentence and what its braces stand for, it gives markup.

    Attributes:
        language: Its code, as `lang` has it.
    """

    def __init__(self, language: str = ENGLISH, table: Mapping[str, str] | None = None) -> None:
        self.language = language
        self.table = table or {}
        self._parsed: dict[str, tuple[_Part, ...]] = {}
        self._whole: dict[str, Markup] = {}

    def __call__(self, sentence: str, **values: Any) -> Markup:
        """Say a sentence. The sentences of a program are few: each is taken apart once."""
        if not values:
            return self._whole.get(sentence) or self._say(sentence, values)
        return self._say(sentence, values)

    def _say(self, sentence: str, values: Mapping[str, Any]) -> Markup:
        parts = self._parsed.get(sentence)
        if parts is None:
            said = escape(self.table.get(sentence, sentence))
            parts = self._parsed[sentence] = tuple(_parts(said))
        pieces = [f"{text}{escape(values[name])}" if name else text for text, name in parts]
        whole = Markup("".join(pieces))
        if not values:
            self._whole[sentence] = whole
        return whole

    def n(self, number: int, one: str, many: str, **values: Any) -> Markup:
        """Say how many: `{n}` is the number, written with commas."""
        return self(one if number == 1 else many, n=format_count(number), **values)


_Part = tuple[str, str]
"""Text, and what stands behind it in braces; "" for nothing."""


def _parts(sentence: str) -> Iterator[_Part]:
    for text, name, form, conversion in Formatter().parse(sentence):
        if form or conversion:
            raise ValueError(f"a sentence has names in braces and no forms: {sentence}")
        yield text, name or ""


@cache
def languages() -> dict[str, Words]:
    """Return every language that there is a table of, by its code."""
    folder = resources.files(__name__.rpartition(".")[0]) / "languages"
    tables = [path for path in folder.iterdir() if path.name.endswith(".json")]
    return {
        path.name.removesuffix(".json"): Words(
            path.name.removesuffix(".json"), json.loads(path.read_text("utf-8"))
        )
        for path in tables
    }


@lru_cache(256)
def words_for(accepted: str) -> Words:
    """Return the language that an `Accept-Language` asks for most; English when there is none.

    Source: RFC 9110, 12.5.4, and RFC 4647, 3.4 (look-up: "de-CH", then "de").
    """
    known, asked = languages(), wishes(accepted)
    for tag in sorted(asked, key=asked.__getitem__, reverse=True):  # of equals the first
        found = known.get(tag) or known.get(tag.partition("-")[0])
        if found and asked[tag]:
            return found
    return known.get(ENGLISH, Words())
