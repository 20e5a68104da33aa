"""One folder of search files, opened: the exact answer, and the forgiving one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from phonotheque.catalogue.search.filtering import Sieve, Sieving
from phonotheque.catalogue.search.layout import SPELLING, Layout, read_layout
from phonotheque.catalogue.search.matching import Matching, Part, nest
from phonotheque.catalogue.search.question import Filters
from phonotheque.catalogue.search.running import (
    MAX_COMPARED,
    Run,
    Texts,
    Tiers,
    Years,
    within,
)
from phonotheque.catalogue.search.terms import Asked, RowText, Term
from phonotheque.catalogue.search.unspaced import pieces
from phonotheque.catalogue.search.vocabulary import Vocabulary
from phonotheque.catalogue.sqlite_reading import translated

WHOLE_COMPLETIONS = 8
"""Words that the last one may become for a whole match, while it is typed; the commonest."""
ENOUGH = 5
"""Rows found with one edit that make two edits needless."""
RARE_ROWS = 50_000
"""A word in more rows than this is taken to be spelled as it was meant."""
FEW_LISTS = 4
"""Lists of a span of years that are gone through quicker than cards are read: with three, and a
title of a common word, 128 million rows took 23 ms by lists and 44 by cards."""
SPARSE = 5_000
"""A part that not every so manieth row has is sparse: between two of its rows so much of a list of
years lies that to pass over it takes longer than to read a card."""
DOUBTED = 8
"""Words that are doubted when all exist but no row has them together; the rarest."""


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of one folder in two groups, each in rank order, no row in both.

    Attributes:
        first: Whole matches; of a forgiving search what is one edit away.
        second: All others.
    """

    first: list[int]
    second: list[int]


class Section:
    """Answers from one folder.

    Args:
        texts: Texts of rows, by their number in this folder.
        rank_of: Rank of a row by its number in this folder.
        years: Years of rows, by their number in this folder; without it tokens tell them.

    Raises:
        MalformedError: A file is missing, was cut, or is none of ours.
    """

    def __init__(
        self,
        folder: Path,
        texts: Texts,
        rank_of: Callable[[int], int] = int,
        *,
        years: Years | None = None,
        is_small: bool = False,
    ) -> None:
        self.layout: Layout = read_layout(folder)
        self._folder = folder
        self._vocabulary = Vocabulary(folder / SPELLING)
        self._tiers = Tiers(folder, self.layout.tiers, texts, rank_of)
        self._matching = Matching(self.layout, self._vocabulary, is_small=is_small)
        self._years = years
        self._sieving = Sieving(self.layout.numbers, self._matching)

    def close(self) -> None:
        """Let go of the files."""
        self._vocabulary.close()
        self._tiers.close()

    def exact(self, asked: Asked, filters: Filters, limit: int, run: Run) -> Found:
        """Return the best rows that have the terms as they were typed.

        Where that are all there are, whole matches among them are told by their texts; else they
        are looked for beside. When time may run out they are looked for first.
        """
        self._tiers.watch(run)
        with translated(self._folder / SPELLING):
            sieve = self._sieving.sieve_of(filters)
            if sieve.is_closed:
                return Found([], [])
            texts = self._whole_texts(asked)
            rows = self._rows(asked.terms, sieve, run)
            fits = _fits(asked.terms)
            if not texts:
                return Found([], self._tiers.take(rows, limit, run, fits))
            if run.deadline_s is not None:
                whole = self._whole(asked, texts, sieve, limit, run)
                others = (row for row in rows if row not in whole)
                return Found(whole, self._tiers.take(others, limit - len(whole), run, fits))
            found = self._tiers.take(rows, limit, run, fits)
            if len(found) < limit and not run.is_partial:
                whole = self._tiers.those(found, lambda row: row.is_whole(texts, asked.whole_in))
            else:
                run.comparisons = MAX_COMPARED
                whole = self._whole(asked, texts, sieve, limit, run)
            rest = [row for row in found if row not in whole]
            return Found(whole, rest[: limit - len(whole)])

    def forgiving(self, asked: Asked, filters: Filters, limit: int, run: Run) -> Found:
        """Return rows that have words near to those that were typed.

        Words that no row has are replaced by words near to them: one edit first, then two. When
        there is a row for each word, but none for all of them, each rare word is doubted in turn.
        """
        self._tiers.watch(run)
        with translated(self._folder / SPELLING):
            sieve = self._sieving.sieve_of(filters)
            terms = [replace(term, is_start=False) for term in asked.terms]
            words = [term for term in terms if not term.is_run]
            if sieve.is_closed or not words:
                return Found([], [])
            rows_of = {term: self._vocabulary.rows_of(term.piece) for term in words}
            unknown = [term for term in words if not rows_of[term]]
            if unknown:
                return self._replaced(terms, unknown, sieve, limit, run)
            rare = sorted(words, key=lambda term: rows_of[term])
            doubted = [term for term in rare if rows_of[term] < RARE_ROWS][:DOUBTED] or rare[:2]
            return Found(self._doubted(terms, doubted, sieve, limit, run), [])

    def _rows(self, terms: Sequence[Term], sieve: Sieve, run: Run) -> Iterator[int]:
        return self._of_parts(self._matching.parts_of(terms, sieve.parts), sieve, run)

    def _of_parts(self, parts: Sequence[Part], sieve: Sieve, run: Run) -> Iterator[int]:
        """Yield the rows that have all parts, which come with the rarest first.

        A span of years is up to twenty-five long lists. Behind a sparse part each row of that makes
        FTS5 look into all of them, 15 µs each, where the card tells its year in 8.
        """
        years = sieve.years
        others = [part for part in parts if part != years]
        is_sparse = bool(others) and others[0].rows * SPARSE < self.layout.rows
        is_by_card = years is not None and years.lists > FEW_LISTS and is_sparse
        if self._years is None or not is_by_card:
            return self._tiers.rows(nest(parts), sieve.without, run)
        rows = self._tiers.rows(nest(others), sieve.without, run)
        return within(rows, self._years, sieve.span, run)

    def _whole_texts(self, asked: Asked) -> set[tuple[str, ...]]:
        """What a whole title or credit would be; while the last word is typed, also with its
        commonest completions."""
        if not asked.is_whole_typed:
            return {asked.whole} if asked.whole else set()
        *before, start = asked.whole
        completions = self._vocabulary.completions(start, WHOLE_COMPLETIONS)
        return {asked.whole, *((*before, one.word) for one in completions)}

    def _whole(
        self, asked: Asked, texts: set[tuple[str, ...]], sieve: Sieve, limit: int, run: Run
    ) -> list[int]:
        terms = [term for term in asked.terms if not (asked.is_whole_typed and term.is_start)]
        implied = set(pieces(asked.whole))
        others = [term for term in terms if term.piece not in implied]
        # What a whole text says already is asked for only where that spares texts to look at.
        said = self._matching.parts_of(term for term in terms if term.piece in implied)
        parts = [part for part in said if not self._matching.is_frequent(part)]
        parts += [self._matching.whole(sorted(texts), is_alone=not parts), *sieve.parts]
        rows = self._of_parts(self._matching.parts_of(others, parts), sieve, run)
        close = [term for term in terms if term.needs_text]
        return self._tiers.take(
            rows,
            limit,
            run,
            lambda row: row.is_whole(texts, asked.whole_in) and row.has_all(close),
        )

    def _replaced(
        self, terms: Sequence[Term], unknown: Sequence[Term], sieve: Sieve, limit: int, run: Run
    ) -> Found:
        found: list[list[int]] = [[], []]
        looked_up: dict[tuple[str, int], tuple[str, ...]] = {}
        before: list[Term] = []
        for edits in (1, 2):
            near = {term: self._near(term, edits, looked_up) for term in unknown}
            chosen = [replace(term, instead=near.get(term, ())) for term in terms]
            if not all(near.values()) or chosen == before:
                break  # the same words would find the same rows
            rows = (row for row in self._rows(chosen, sieve, run) if row not in found[0])
            found[edits - 1] = self._tiers.take(rows, limit - len(found[0]), run, _fits(chosen))
            if len(found[0]) >= min(ENOUGH, limit) or run.is_partial:
                break
            before = chosen
        return Found(*found)

    def _near(
        self, term: Term, edits: int, looked_up: dict[tuple[str, int], tuple[str, ...]]
    ) -> tuple[str, ...]:
        """Words so many edits away; where there are none, words as many as there are."""
        for some in (edits, 3 - edits):
            key = (term.piece, some)
            if key not in looked_up:
                looked_up[key] = self._vocabulary.near(*key)
            if looked_up[key]:
                return looked_up[key]
        return ()

    def _doubted(
        self, terms: Sequence[Term], doubted: Sequence[Term], sieve: Sieve, limit: int, run: Run
    ) -> list[int]:
        variants = []
        for doubtful in doubted:
            near = self._vocabulary.near(doubtful.piece, 1)
            if near:
                other = replace(doubtful, instead=near)
                variants.append([other if term == doubtful else term for term in terms])
        if not variants:
            return []
        matches = [nest(self._matching.parts_of(variant, sieve.parts)) for variant in variants]
        rows = self._tiers.rows(" OR ".join(f"({one})" for one in matches), sieve.without, run)
        fits = [_fits(variant) for variant in variants]
        if not any(fits):
            return self._tiers.take(rows, limit, run)
        return self._tiers.take(
            rows, limit, run, lambda row: any(row.has_all(variant) for variant in variants)
        )


def _fits(terms: Sequence[Term]) -> Callable[[RowText], bool] | None:
    """What a row's text must be asked beside its tokens; None when they tell it all."""
    close = [term for term in terms if term.needs_text]
    if not close:
        return None
    return lambda row: row.has_all(close)
