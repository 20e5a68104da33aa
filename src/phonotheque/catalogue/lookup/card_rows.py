"""Cards as rows of `ids.db`: texts that many share and small facts become numbers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.bulk import batches_of, parts_in
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup import packing, schema
from phonotheque.catalogue.lookup.packed_columns import pack_isrcs, pack_marks
from phonotheque.catalogue.lookup.rank_maps import RankMap
from phonotheque.catalogue.lookup.text_pool import TextPool
from phonotheque.errors import MalformedError

Integers = npt.NDArray[np.int64]

_ROWS = 1 << 17


class Words:
    """Words of which there are few: countries and licences. Numbers count from 1."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def numbers(self, column: pa.Array) -> Integers:
        """Return the number of each row's word, 0 where there is none."""
        coded = column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)
        known = [
            self._numbers.setdefault(word, len(self._numbers) + 1)
            for word in coded.dictionary.to_pylist()
        ]
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        numbers: Integers = np.array([*known, 0], np.int64)[codes]
        return numbers

    def write(self, db: sqlite3.Connection) -> None:
        """Write all words that have a number."""
        rows = [(number, word) for word, number in self._numbers.items()]
        db.executemany("INSERT INTO word VALUES (?, ?)", rows)

    def __len__(self) -> int:
        return len(self._numbers)


class CardRows:
    """Turns the cards of a snapshot into rows, kind by kind."""

    def __init__(self, snapshot: Path, db: sqlite3.Connection, ranks: dict[Kind, RankMap]) -> None:
        self._snapshot = snapshot
        self._db = db
        self._ranks = ranks
        self._texts = TextPool(db)
        self._words = Words()

    def write(self, kind: Kind) -> int:
        """Write all cards of a kind and return how many there are.

        Raises:
            MalformedError: Cards are not in order of rank, or ranks have gaps.
        """
        names = schema.columns(kind)
        places = ", ".join("?" * len(names))
        count = 0
        for rows, columns in self._columns(kind):
            if rows[0] != count + 1:
                raise self._out_of_order(kind, rows[0])
            self._db.executemany(
                f"INSERT INTO {kind} VALUES ({places})",
                zip(*(columns[name] for name in names), strict=True),
            )
            count += len(rows)
        return count

    def close(self) -> None:
        """Write the words that rows have numbers of."""
        self._words.write(self._db)

    def _columns(self, kind: Kind) -> Iterator[tuple[list[int], dict[str, list[Any]]]]:
        parts = parts_in(self._snapshot / "cards" / kind)
        for batch in batches_of(parts, rows=_ROWS):
            if not batch.num_rows:
                continue
            ranks = batch["rank"].to_pylist()
            if ranks[-1] - ranks[0] != len(ranks) - 1:
                raise self._out_of_order(kind, ranks[0])
            shared = {
                "rank": ranks,
                "id": batch["id"].to_pylist(),
                "title": batch["title"].fill_null("").to_pylist(),
                "credit": self._texts.numbers(batch["credit"], batch["artist"]).to_pylist(),
                "marks": self._marks(batch).tolist(),
                "listens": batch["listens"].to_pylist(),
                "genres": self._texts.numbers(_joined(batch["genres"])).to_pylist(),
            }
            yield ranks, shared | self._own(kind, batch)

    def _own(self, kind: Kind, batch: pa.RecordBatch) -> dict[str, list[Any]]:
        match kind:
            case Kind.RECORDING:
                ranks = self._ranks[Kind.RELEASE].of(_known(batch["release"], -1))
                return {
                    "release": pa.array(ranks, mask=ranks == 0).to_pylist(),
                    "length": batch["length"].to_pylist(),
                    "isrc": pack_isrcs(batch["isrc"]).to_pylist(),
                }
            case Kind.RELEASE:
                return {
                    "length": batch["length"].to_pylist(),
                    "barcode": [_barcode(text) for text in batch["barcode"].to_pylist()],
                    "catalog_number": batch["catalog_number"].to_pylist(),
                    "label": self._texts.numbers(batch["label"]).to_pylist(),
                    "tracks": batch["tracks"].to_pylist(),
                }
            case _:
                return {}

    def _marks(self, batch: pa.RecordBatch) -> Integers:
        """Return `packing.pack_marks` of every row."""
        countries = self._words.numbers(batch["country"])
        if countries.max(initial=0) > packing.MOST_COUNTRIES:
            raise MalformedError(
                str(self._snapshot / "cards"),
                f"cards name more than {packing.MOST_COUNTRIES:,} countries",
                "Build the catalogue again with sources whose countries are codes.",
            )
        return pack_marks(
            {
                "is_held": _known(batch["is_held"].cast(pa.int8()), 0),
                "is_free": _known(batch["is_free"].cast(pa.int8()), 0),
                "score": _known(batch["score"], -1),
                "year": _known(batch["year"], -1),
                "country": countries,
                "licence": self._words.numbers(batch["licence"]),
            }
        )

    def _out_of_order(self, kind: Kind, rank: int) -> MalformedError:
        return MalformedError(
            str(self._snapshot / "cards" / kind),
            f"cards are not in order of rank, or ranks are missing, near rank {rank:,}",
            "Build the catalogue again.",
        )


def _known(column: pa.Array, otherwise: int) -> Integers:
    """Return the numbers of a column, `otherwise` where there is none."""
    numbers: Integers = column.fill_null(otherwise).to_numpy(zero_copy_only=False).astype(np.int64)
    return numbers


def _joined(lists: pa.Array) -> pa.Array:
    """Return each list of words as one text with a line for each word."""
    return pc.binary_join(lists.cast(pa.list_(pa.string())), "\n")


def _barcode(text: str | None) -> int | str | None:
    """Return the number of a GTIN-14, any other barcode as it is written."""
    is_gtin = text is not None and len(text) == 14 and text.isascii() and text.isdigit()
    return int(text) if is_gtin and text else text
