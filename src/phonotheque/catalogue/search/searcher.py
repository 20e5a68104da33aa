"""Asking: one object for each folder of search files and process."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from phonotheque.catalogue.search.fresh_rows import FreshRows, open_fresh
from phonotheque.catalogue.search.question import Answer, Filters, Question, Used, check
from phonotheque.catalogue.search.running import Accepts, Run, Texts, Years
from phonotheque.catalogue.search.section import Found, Section
from phonotheque.catalogue.search.terms import Asked, parse

__all__ = ["Accepts", "Searcher", "Texts", "Years"]


class Searcher:
    """Answers questions from the search files of one kind of card, and from fresh ones beside them.

    One thread at a time may ask; any number of processes may have a folder open. A process holds
    some 30 MB of its own; what was read of the files is the system's, and shared.

    Args:
        folder: As `build_search` left it. Fresh rows are seen as they were when it was opened.
        texts: Gives the title and credit of ranks, for comparing what the index found.
        withdrawn: Ranks that no answer has. Looked at with every question, so it may grow.
        years: Gives the years of ranks: quicker than the index for a span of years and rare words.

    Raises:
        MalformedError: A file is missing, was cut, or is none of ours.
        FormatTooNewError: A later Phonotheque wrote it.
    """

    def __init__(
        self,
        folder: Path,
        texts: Texts,
        withdrawn: Collection[int] = (),
        *,
        years: Years | None = None,
    ) -> None:
        self._settled = Section(folder, texts, years=years)
        self._fresh = open_fresh(folder)
        self._withdrawn = withdrawn

    def __enter__(self) -> Searcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all files."""
        self._settled.close()
        if self._fresh is not None:
            self._fresh.close()

    def ask(self, question: Question, accepts: Accepts | None = None) -> Answer:
        """Return the best ranks for a question.

        Args:
            accepts: Says of ranks which may be in the answer; more are looked at until there are
                enough. For conditions that no token tells.

        Raises:
            BadRequestError: The question has too many words, a limit out of range, and so on.
            MalformedError: A file turned out to be damaged.
        """
        check(question)
        asked = None if question.is_empty else parse(question)
        if asked is None:
            return Answer(())
        run = Run(self._withdrawn, question.deadline_s, accepts)
        ranks = self._exact(asked, question, run)
        if (
            ranks
            or run.is_partial
            or not asked.terms
            or self._is_filtered_out(asked, question, run)
        ):
            return Answer(tuple(ranks), run.is_partial)
        ranks = self._forgiving(asked, question, run)
        return Answer(tuple(ranks), run.is_partial, Used.TYPOS if ranks else Used.EXACT)

    def _exact(self, asked: Asked, question: Question, run: Run) -> list[int]:
        ask = (asked, question.filters, question.limit, run)
        fresh = None if self._fresh is None else self._fresh.section.exact(*ask)
        return self._united(self._settled.exact(*ask), fresh)[: question.limit]

    def _is_filtered_out(self, asked: Asked, question: Question, run: Run) -> bool:
        """Whether rows have the words, only none of them passes: then nothing was mistyped."""
        if run.accepts is None and question.filters == Filters():
            return False
        bare = replace(question, filters=Filters(), limit=1)
        return bool(self._exact(asked, bare, replace(run, accepts=None)))

    def _forgiving(self, asked: Asked, question: Question, run: Run) -> list[int]:
        ask = (asked, question.filters, question.limit, run)
        fresh = None if self._fresh is None else self._fresh.section.forgiving(*ask)
        return self._united(self._settled.forgiving(*ask), fresh)[: question.limit]

    def _united(self, settled: Found, fresh: Found | None) -> list[int]:
        if self._fresh is None or fresh is None:
            return settled.first + settled.second
        first = _merge(settled.first, fresh.first, self._fresh)
        return first + _merge(settled.second, fresh.second, self._fresh)


def _merge(settled: list[int], fresh: list[int], rows: FreshRows) -> list[int]:
    """Ranks of both, each fresh one after as many settled rows as have at least its listens."""
    keyed = [(rank, 0, rank) for rank in settled]
    keyed += [(rows.place_of(row), row, rows.rank_of(row)) for row in fresh]
    return [rank for _, _, rank in sorted(keyed)]
