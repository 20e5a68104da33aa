"""Typefaces are other people's: pages have them where they were fetched, and do without."""

from __future__ import annotations

from pathlib import Path

import pytest

import phonotheque.look as look
from phonotheque.publish.pages.rendering import asset_files


@pytest.fixture
def fonts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of the one that typefaces are fetched into."""
    monkeypatch.setattr(look, "_fonts", lambda: tmp_path / "fonts")
    return tmp_path / "fonts"


def test_without_typefaces_no_page_asks_for_one(fonts: Path) -> None:
    """No file is published in their place, and the style names none."""
    named = {file.path: file.data for file in asset_files()}
    assert named["assets/typefaces.css"] == b""
    assert not any("/fonts/" in path for path in named)


def test_a_typeface_goes_with_its_licence_or_not_at_all(fonts: Path) -> None:
    """The Open Font License asks that its text goes where the typeface goes."""
    fonts.mkdir()
    (fonts / "besley.woff2").write_bytes(b"glyphs")
    assert look.typeface_files() == {}
    (fonts / "besley-OFL.txt").write_bytes(b"licence")
    assert set(look.typeface_files()) == {"besley.woff2", "besley-OFL.txt"}
    assert look.typeface_style("fonts/").count("@font-face") == 1
