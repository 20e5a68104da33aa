"""Cells of a page in Python do what the page says, against a listening door that is open."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.docs.pages import ROOT, is_alike
from tests.docs.test_docs_run import starts, warm_shell  # noqa: F401  # fixtures

from listen.door import open_on_loopback
from phonotheque.archive.listening.readiness import made_ready

PAGES = ("use-the-api.md",)
_ADDRESS = "http://127.0.0.1:8043/"
_CELL = re.compile(r"^```python\n(.*?)^```$(?:\n\n^```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def address(starts, tmp_path_factory):  # noqa: F811
    """Of the door of the archive that pages begin with."""
    folder = tmp_path_factory.mktemp("notebook")
    archive = Path(folder, "archive")
    shutil.copytree(starts["archive"] / "archive", archive, symlinks=True)
    made_ready(archive, 1)
    with open_on_loopback(archive) as door:
        yield door.address


@pytest.mark.parametrize("name", PAGES)
def test_cells_print_what_the_page_shows(name: str, address: str) -> None:
    """Run in order as one program, each cell prints the text that stands after it."""
    page = (ROOT / "docs/how-to" / name).read_text(encoding="utf-8")
    known: dict[str, Any] = {}
    cells = _CELL.findall(page)
    assert len(cells) > 5
    for cell, expected in cells:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(cell.replace(_ADDRESS, address), name, "exec"), known)
        assert is_alike(expected, said.getvalue()), f"{cell}\nprints\n{said.getvalue()}"
