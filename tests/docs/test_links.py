"""Links lead somewhere, and what a page names is there."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path

import pytest
from tests.docs.pages import ROOT

PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    if ".venv" not in path.parts
)
_LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)|<img[^>]*\bsrc=\"([^\"]+)\"")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def links_of(path: Path) -> list[str]:
    text = _FENCE.sub("", path.read_text(encoding="utf-8"))
    found = [one or other for one, other in _LINK.findall(text)]
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def anchors_of(path: Path) -> set[str]:
    """Names of headings, as Git hosts make them."""
    text = _FENCE.sub("", path.read_text(encoding="utf-8"))
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", head.lower()) for head in heads)
    return {head.strip().replace(" ", "-") for head in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_resolve(page: Path) -> None:
    """Every link inside the repository names a file that is there, and a heading that it has."""
    for link in links_of(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.is_relative_to(ROOT), f"{link} leads out of the repository"
        assert target.exists(), f"{link} leads nowhere"
        if anchor:
            assert anchor in anchors_of(target), f"{link}: there is no such heading"


def test_every_page_can_be_reached() -> None:
    """From the front page a reader comes to every other page by links."""
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        targets = [(page.parent / link.partition("#")[0]).resolve() for link in links_of(page)]
        waiting += [target for target in targets if target.suffix == ".md" and target.exists()]
    assert not set(PAGES) - reached


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_in_the_repository_exist(page: Path) -> None:
    """A file or folder of the repository that a page names between backticks is there."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for path in re.findall(r"`((?:src|tests|docs|bench|scripts)/[\w./-]*)`", text):
        assert (ROOT / path).exists(), f"{path} is not there"


def test_the_architecture_names_what_is_there() -> None:
    """Every `room.module.name` on the map can be imported."""
    text = _FENCE.sub("", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    for name in re.findall(r"`([a-z_]+(?:\.\w+)+)`", text):
        if name.rpartition(".")[2] in ("toml", "md", "py", "sqlite", "jsonl"):
            continue
        place = name if name.startswith("bench.") else f"phonotheque.{name}"
        assert _is_there(place), f"{name} is not there"


def _is_there(place: str) -> bool:
    try:
        pkgutil.resolve_name(place)
    except (ImportError, AttributeError):
        return False
    return True
