"""One small catalogue, built once for each process of tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest
from tests.catalogue.search.scan import Scan
from tests.catalogue.search.small_catalogue import make_cards, texts_of

from phonotheque.catalogue.search.build import build_search
from phonotheque.catalogue.search.searcher import Searcher, Texts


@dataclass(frozen=True)
class Built:
    """A catalogue of cards with its search files."""

    cards: pa.RecordBatch
    folder: Path
    texts: Texts
    scan: Scan
    searcher: Searcher


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """3,000 cards in three index files."""
    cards = make_cards(3_000)
    folder = tmp_path_factory.mktemp("search") / "recording"
    build_search([cards.slice(0, 1_300), cards.slice(1_300)], folder, tier_rows=(500, 1_500))
    known = texts_of(cards)

    def texts(ranks):
        return [known[rank] for rank in ranks]

    return Built(cards, folder, texts, Scan(cards), Searcher(folder, texts))
