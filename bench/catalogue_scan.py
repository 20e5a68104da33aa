"""A plain scan of all rows by the rule of the search, as the measure of its answers.

It shares with the search what a word is (`music.folding`, `search.unspaced`) and nothing else: no
index, no tokens, no hashes. The rule: a row is meant when each word of the question is a word of
its title or credit; the last one, while it is typed, may go on; a run of a script without spaces
may stand within a run. Whole titles and credits come first; in each group the most popular.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from phonotheque.catalogue.search.joined import iter_joined
from phonotheque.catalogue.search.question import Filters, Question
from phonotheque.catalogue.search.unspaced import is_unspaced, pieces
from phonotheque.catalogue.search.word_memory import distinct
from phonotheque.music.folding import words

Integers = npt.NDArray[np.int64]

WHOLE_COMPLETIONS = 8
"""Words that the last one of a whole title may become: the commonest, as the search has it."""

LONE_COMPLETIONS = 32
"""Words that a lone first letter may become."""

_COLUMNS = [
    "title", "credit", "year", "country", "licence", "is_held", "is_free", "genres",
]  # fmt: skip


class Scan:
    """All rows of a catalogue in memory, as numbers of words."""

    def __init__(self, cards: Path) -> None:
        parts = sorted((cards / "cards/recording").glob("part-*.parquet"))
        self._rows = pa.concat_tables(
            [pq.read_table(part, columns=_COLUMNS) for part in parts], promote_options="default"
        )
        self._dictionaries: dict[str, pa.DictionaryArray] = {}
        self._numbers: dict[str, int] = {}
        texts = zip(self._rows["title"].to_pylist(), self._rows["credit"].to_pylist(), strict=True)
        self._wholes: dict[tuple[str, ...], list[int]] = {}
        folded_credit = cache(lambda credit: tuple(words(credit)))
        of_row: list[int] = []
        row_of: list[int] = []
        for row, (title, credit) in enumerate(texts):
            of_title, of_credit = tuple(words(title)), folded_credit(credit or "")
            for whole in {of_title, of_credit}:
                self._wholes.setdefault(whole, []).append(row)
            found = {*pieces(of_title), *pieces(of_credit)}
            found.update(iter_joined(title), iter_joined(credit or ""))
            of_row += [self._numbers.setdefault(piece, len(self._numbers)) for piece in found]
            row_of += [row] * len(found)
        codes = np.array(of_row)
        order = np.argsort(codes, kind="stable")
        self._row_of = np.array(row_of)[order]
        self._ends = np.searchsorted(codes[order], np.arange(len(self._numbers) + 1))

    @cached_property
    def _in_order(self) -> list[str]:
        return sorted(self._numbers)

    def top(self, question: Question) -> list[int]:
        """Return the ranks that the answer must have, in order."""
        asked = words(question.text)
        terms = list(pieces(asked))
        if not terms:
            return []
        is_typing = question.is_typing and not is_unspaced(terms[-1])
        rows = self._matching(terms, is_typing)
        if question.filters != Filters():
            rows = rows[self._passing(question.filters)[rows]]
        whole = np.intersect1d(self._whole(asked, is_typing), rows, assume_unique=True)
        rest = np.setdiff1d(rows, whole, assume_unique=True)
        found = np.concatenate([whole, rest])[: question.limit] + 1
        ranks: list[int] = found.tolist()
        return ranks

    def _matching(self, terms: Sequence[str], is_typing: bool) -> Integers:  # noqa: FBT001
        lists = [self._having(term) for term in terms[:-1]]
        last = terms[-1]
        if not is_typing:
            lists.append(self._having(last))
        elif len(last) > 1:
            lists.append(self._of_pieces(self._beginning(last)))
        elif not lists:
            lists.append(self._of_pieces([*self._commonest(last, LONE_COMPLETIONS), last]))
        rows = lists[0]
        for more in lists[1:]:
            rows = np.intersect1d(rows, more, assume_unique=True)
        return rows

    def _having(self, term: str) -> Integers:
        if not is_unspaced(term):
            return self._of_pieces([term])
        return self._of_pieces([run for run in self._runs if term in run])

    @cached_property
    def _runs(self) -> list[str]:
        return [piece for piece in self._numbers if is_unspaced(piece)]

    def _of_pieces(self, found: Sequence[str]) -> Integers:
        numbers = [self._numbers[piece] for piece in found if piece in self._numbers]
        lists = [self._row_of[self._ends[one] : self._ends[one + 1]] for one in numbers]
        if len(lists) == 1:
            return lists[0]
        return distinct(np.concatenate([np.empty(0, np.int64), *lists]))

    def _beginning(self, start: str) -> list[str]:
        first = int(np.searchsorted(self._sorted, start))
        last = int(np.searchsorted(self._sorted, start + "\U0010ffff"))
        return self._in_order[first:last]

    @cached_property
    def _sorted(self) -> npt.NDArray[np.str_]:
        return np.array(self._in_order, object)

    def _commonest(self, start: str, most: int) -> list[str]:
        """Return the pieces that begin so, the commonest first, equals in order of letters."""
        found = self._beginning(start)
        count = {piece: self._count(piece) for piece in found}
        return sorted(found, key=lambda piece: (-count[piece], piece))[:most]

    def _count(self, piece: str) -> int:
        number = self._numbers[piece]
        return int(self._ends[number + 1] - self._ends[number])

    def _whole(self, asked: Sequence[str], is_typing: bool) -> Integers:  # noqa: FBT001
        texts = {tuple(asked)}
        if is_typing:
            ends = self._commonest(asked[-1], WHOLE_COMPLETIONS)
            texts |= {(*asked[:-1], end) for end in ends}
        rows = [row for text in texts for row in self._wholes.get(text, ())]
        return distinct(np.array(rows, np.int64))

    def _passing(self, filters: Filters) -> npt.NDArray[np.bool_]:
        passing = np.ones(self._rows.num_rows, bool)
        if filters.is_held is not None:
            passing &= self._column("is_held") == filters.is_held
        if filters.is_free is not None:
            passing &= self._column("is_free") == filters.is_free
        if filters.years is not None:
            first, last = filters.years
            years = self._column("year")
            passing &= (years >= (first or 0)) & (years <= (last or 9_999))
        for name, wanted in (("country", filters.countries), ("licence", filters.licences)):
            if wanted:
                passing &= self._having_one(name, wanted)
        if filters.genres:
            rows, names = self._genres
            passing &= np.isin(np.arange(len(passing)), rows[np.isin(names, filters.genres)])
        return passing

    def _having_one(self, name: str, wanted: Sequence[str]) -> npt.NDArray[np.bool_]:
        encoded = self._encoded(name)
        numbers = [
            number for number, one in enumerate(encoded.dictionary.to_pylist()) if one in wanted
        ]
        indices = encoded.indices.fill_null(-1).to_numpy()
        having: npt.NDArray[np.bool_] = np.isin(indices, numbers)
        return having

    def _encoded(self, name: str) -> pa.DictionaryArray:
        if name not in self._dictionaries:
            column = self._rows[name].cast(pa.string()).combine_chunks()
            self._dictionaries[name] = column.dictionary_encode()
        return self._dictionaries[name]

    @cached_property
    def _genres(self) -> tuple[Integers, npt.NDArray[np.str_]]:
        """Rows and names of all genres."""
        column = self._rows["genres"].combine_chunks()
        rows = pc.list_parent_indices(column).to_numpy()
        return rows, np.array(pc.list_flatten(column).to_pylist(), str)

    def _column(self, name: str) -> npt.NDArray[Any]:
        column = self._rows[name]
        column = column.fill_null(-1) if name == "year" else column
        values: npt.NDArray[Any] = column.combine_chunks().to_numpy(zero_copy_only=False)
        return values
