"""Music that pages and references are tried on."""

from __future__ import annotations

from pathlib import Path

import pytest

from phonotheque.demo.label import make_label


@pytest.fixture(scope="session")
def short_label(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: the demo's label with pieces of half a second; to be copied."""
    folder = tmp_path_factory.mktemp("label") / "music"
    make_label(folder, seconds=0.5)
    return folder
