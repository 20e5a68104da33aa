"""Matching somebody's list with the catalogue of an archive: files opened, nothing kept.

Laws: the list leaves no trace: nothing of it is written, logged or sent anywhere; the snapshot that
serves when it begins answers until its end.

Not here: reading a list and judging its lines (`catalogue.match`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from phonotheque.archive.finding.searching import Catalogue, open_catalogue
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.match.index import MatchIndex
from phonotheque.catalogue.match.matching import Matcher
from phonotheque.catalogue.search.layout import SPELLING
from phonotheque.catalogue.search.vocabulary import Vocabulary


class _Words:
    """Whether the catalogue has a word: asked rarely, so the file is opened when it is."""

    def __init__(self, catalogue: Catalogue, opened: ExitStack) -> None:
        self._path = catalogue.snapshot.search(Kind.RECORDING) / SPELLING
        self._opened = opened
        self._vocabulary: Vocabulary | None = None

    def __call__(self, word: str) -> bool:
        if self._vocabulary is None:
            self._vocabulary = Vocabulary(self._path)
            self._opened.callback(self._vocabulary.close)
        return self._vocabulary.rows_of(word) > 0


@contextmanager
def open_matcher(root: Path) -> Iterator[tuple[Matcher, Catalogue]]:
    """Open the catalogue of an archive to match lists with it.

    Raises:
        NoCatalogueError: None was built, or it was built before there were files for matching.
        MalformedError: It is damaged.
    """
    with open_catalogue(root) as catalogue, ExitStack() as opened:
        index = opened.enter_context(closing(MatchIndex(catalogue.snapshot.match)))
        words = _Words(catalogue, opened)
        yield Matcher(catalogue.lookup, index, words, catalogue.withdrawn), catalogue
