"""The page of licences says what the code does."""

from pathlib import Path

from tests.music.licences_page import licences_page

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "licences.md"


def test_the_page_is_current() -> None:
    """The page in the repository is the one that the code makes now."""
    made = "python -m tests.music.licences_page > docs/reference/licences.md"
    assert PAGE.read_text(encoding="utf-8") == licences_page(), f"run: {made}"
