"""A few thousand made-up cards in which everything happens often: common words together, equal
titles, runs without spaces, marks, unknown values."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

import pyarrow as pa

from phonotheque.catalogue.cards import SCHEMA

T = TypeVar("T")

_SYLLABLES = "la mo ri ta né sun dra vel ko çi".split()  # noqa: SIM905
_HAN, _KANA, _THAI = "愛夜月光天空風雨花雪", "アイのをカキたな", "กรนมงลสาีเ"
LICENCES = ("https://creativecommons.org/licenses/by/4.0/", "CC0-1.0", "MIT")
COUNTRIES = ("DE", "FR", "JP", "XW")
GENRES = tuple(f"genre {number}" for number in range(40))


def make_words(dice: random.Random, count: int) -> list[str]:
    """Different words of two to four syllables."""
    made: dict[str, None] = {}
    while len(made) < count:
        made["".join(dice.choices(_SYLLABLES, k=dice.randint(2, 4)))] = None
    return list(made)


def make_cards(rows: int, seed: int = 1, first_rank: int = 1) -> pa.RecordBatch:
    """Cards in rank order. The same for the same arguments."""
    dice = random.Random(seed)
    vocabulary = make_words(dice, 700)
    text = [_text(dice, vocabulary) for _ in range(rows // 3 + 1)]
    listens = sorted((int(10 ** (dice.random() * 6)) for _ in range(rows)), reverse=True)
    columns = {
        "rank": range(first_rank, first_rank + rows),
        "id": range(first_rank, first_rank + rows),
        "title": [_maybe(dice, dice.choice(text)) for _ in range(rows)],
        "credit": [dice.choice(text) for _ in range(rows)],
        "year": [_maybe(dice, dice.choice([1799, 1960, 1989, 1990, 2001])) for _ in range(rows)],
        "country": [_maybe(dice, dice.choice(COUNTRIES)) for _ in range(rows)],
        "licence": [_maybe(dice, dice.choice(LICENCES)) for _ in range(rows)],
        "is_held": [_maybe(dice, dice.random() < 0.3) for _ in range(rows)],
        "is_free": [_maybe(dice, dice.random() < 0.5) for _ in range(rows)],
        "genres": [dice.sample(GENRES, dice.randint(0, 3)) for _ in range(rows)],
        "listens": [value or None for value in listens],
    }
    arrays = [
        pa.array(columns[field.name], field.type)
        if field.name in columns
        else pa.nulls(rows, field.type)
        for field in SCHEMA
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def texts_of(cards: pa.RecordBatch) -> dict[int, tuple[str, str]]:
    """Title and credit by rank, as a look-up would give them."""
    columns = (cards.column(name).to_pylist() for name in ("rank", "title", "credit"))
    return {rank: (title or "", credit or "") for rank, title, credit in zip(*columns, strict=True)}


def _text(dice: random.Random, vocabulary: Sequence[str]) -> str:
    if dice.random() < 0.2:
        letters = dice.choice((_HAN, _KANA, _THAI, _HAN + _KANA))
        run = "".join(dice.choices(letters, k=dice.randint(1, 7)))
        return dice.choice((run, f"{run} {dice.choice(letters)}", f"Live{run}Mix"))
    places = [min(int(700 ** dice.random()) - 1, 699) for _ in range(dice.randint(1, 5))]
    words = [vocabulary[place] for place in places]
    return dice.choice((" ", "-", " / ")).join(words).capitalize()


def _maybe(dice: random.Random, value: T) -> T | None:
    return None if dice.random() < 0.1 else value
