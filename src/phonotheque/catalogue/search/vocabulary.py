"""Reading the spelling file: how common a token is, how a word may go on, what it is near to."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

from rapidfuzz import process
from rapidfuzz.distance import OSA

from phonotheque.catalogue.search import deletes
from phonotheque.catalogue.search.unspaced import is_unspaced
from phonotheque.catalogue.sqlite_reading import connect, translated
from phonotheque.errors import MalformedError

T = TypeVar("T")

COMPLETIONS = 256
"""So many words of a beginning are kept, and searched for when it is typed."""
NEAR_2_WORDS = 1_000_000
"""Words that two edits are forgiven in: the commonest."""
NEAR_2_LETTERS = 5
"""Letters that such a word has at least."""
ID_BITS = 24
"""Of an entry of the spelling file; the other 8 bits are of a hash."""

ONE_EDIT_LETTERS = 4
TWO_EDITS_LETTERS = 6
NEAR = 12
"""Near words of one edit that are searched for; of two edits twice as many."""

_CANDIDATES = 4_000
"""Words that are compared with a typed one; the commonest, when there are more."""
_VARIABLES = 500
_ID = (1 << ID_BITS) - 1


class Counted(NamedTuple):
    """A word, and in how many rows it is."""

    word: str
    rows: int


class Vocabulary:
    """The words and other tokens of one folder of search files."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = connect(path)
        with translated(path):
            self._bits = dict(self._file.execute("select edits, bits from bits"))
            self._words = self._one("select coalesce(max(id), 0) from word") or 0
        if not all(self._bits.get(edits) in range(1, ID_BITS) for edits in (1, 2)):
            raise MalformedError(str(path), "is damaged", "Build the catalogue again.")

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _one(self, query: str, values: Sequence[str] = ()) -> int | None:
        row = self._file.execute(query, values).fetchone()
        return None if row is None else self._is(int, row[0])

    def _is(self, form: type[T], value: object) -> T:
        """Return what a column must hold: SQLite gives anything when bytes were changed."""
        if not isinstance(value, form):
            wrong = f"holds {type(value).__name__} where {form.__name__} belongs"
            raise MalformedError(str(self._path), wrong, "Build the catalogue again.")
        return value

    def _numbers(self, blob: object) -> memoryview:
        whole = self._is(bytes, blob)
        return memoryview(whole[: len(whole) // 4 * 4]).cast("I")

    def rows_of(self, token: str) -> int:
        """Return in how many rows a word or other token is; 0 when it is unknown."""
        is_word = token.isascii() or not (is_unspaced(token) or is_special(token))
        query = f"select rows from {'word' if is_word else 'token'} where "
        return self._one(query + ("word = ?" if is_word else "token = ?"), (token,)) or 0

    def rows_of_start(self, start: str) -> int:
        """Return in how many rows words are that begin so; rows with several count as often."""
        found = self._one("select rows from start where start = ?", (start,))
        if found is not None:
            return found
        query = "select coalesce(sum(rows), 0) from word where word >= ? and word < ?"
        return self._one(query, (start, after(start))) or 0

    def completions(self, start: str, limit: int = COMPLETIONS) -> list[Counted]:
        """Return the commonest words that begin so, the commonest first."""
        found = self._file.execute("select best from start where start = ?", (start,)).fetchone()
        if found is not None:
            return self._words_of(self._numbers(found[0])[:limit].tolist())
        query = "select word, rows, id from word where word >= ? and word < ? order by id limit ?"
        rows = self._file.execute(query, (start, after(start), limit))
        return [Counted(self._is(str, word), self._is(int, count)) for word, count, _ in rows]

    def near(self, word: str, edits: int) -> tuple[str, ...]:
        """Return words exactly one, or two, edits from a typed one, the commonest first.

        One edit is forgiven in words of 4 letters and more, whether typed or meant; two in what was
        typed with 6 letters and more, for words of 5 and more. An edit is a letter too many, too
        few, another one, or two neighbours exchanged (optimal string alignment).
        """
        letters = len(word)
        if letters < (ONE_EDIT_LETTERS - 1, TWO_EDITS_LETTERS)[edits - 1]:
            return ()
        least = NEAR_2_LETTERS if edits == 2 else ONE_EDIT_LETTERS
        others = self._texts_of(self._candidates(word, edits))
        near = process.extract_iter(word, others, scorer=OSA.distance, score_cutoff=edits)
        found = (
            other
            for other, distance, _ in near
            if distance == edits and max(len(other), letters * (edits == 1)) >= least
        )
        return tuple(islice(found, NEAR * edits))

    def _candidates(self, word: str, edits: int) -> list[int]:
        """Ids of words that share a hash with it, the commonest first."""
        found: set[int] = set()
        hashes = deletes.hashes_of(word, edits)
        if len(word) >= TWO_EDITS_LETTERS:
            found.update(self._entries(2, hashes))
        if len(word) < TWO_EDITS_LETTERS or self._words > NEAR_2_WORDS:
            found.update(self._entries(1, hashes))
        return sorted(found)[:_CANDIDATES]

    def _entries(self, edits: int, hashes: Iterable[int]) -> list[int]:
        bits = self._bits[edits]
        query = f"select entries from near{edits} where bucket = ?"
        found: list[int] = []
        for one in hashes:
            row = self._file.execute(query, (one >> 32 - bits,)).fetchone()
            if row is not None:
                rest = one >> 24 - bits & 0xFF
                entries = self._numbers(row[0])
                begin = bisect_left(entries, rest << ID_BITS)
                end = bisect_left(entries, rest + 1 << ID_BITS, begin)
                found += [entry & _ID for entry in entries[begin:end]]
        return found

    def _texts_of(self, numbers: list[int]) -> list[str]:
        """Words by id, in the order of their ids."""
        found: list[str] = []
        for at in range(0, len(numbers), _VARIABLES):
            part = numbers[at : at + _VARIABLES]
            marks = ",".join("?" * len(part))
            query = f"select word from word where id in ({marks}) order by id"
            found += [word for (word,) in self._file.execute(query, part)]
        for stranger in (word for word in found if not isinstance(word, str)):
            self._is(str, stranger)
        return found

    def _words_of(self, numbers: list[int]) -> list[Counted]:
        """Words by id, in the order of their ids."""
        found: list[tuple[object, object]] = []
        for at in range(0, len(numbers), _VARIABLES):
            part = numbers[at : at + _VARIABLES]
            marks = ",".join("?" * len(part))
            query = f"select word, rows from word where id in ({marks}) order by id"
            found += self._file.execute(query, part)
        return [Counted(self._is(str, word), self._is(int, rows)) for word, rows in found]


def is_special(token: str) -> bool:
    """Whether a token is no word: a filter."""
    return "\ue000" <= token[0] <= "\uf8ff"


def after(start: str) -> str:
    """Return a text that sorts after all words that begin so."""
    return start + "\U0010ffff"
