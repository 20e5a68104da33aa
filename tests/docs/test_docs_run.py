"""Every command that a page tells a reader to type does what the page says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.docs.pages import ROOT, commands_of, is_alike, needs_of, run, start_of
from tests.once import made_once
from tests.torture.warm import warm

STARTS = ("nothing", "music", "demo", "archive")
ELSEWHERE = {
    "try-on-real-music.md": "needs the network; `make real` runs it",
}
AS_INSTALLED = "back-up.md"
"""A short page that writes and reads: to start Python for each command of all pages takes long."""

PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs" / "tutorial").glob("*.md")),
    *sorted(p for p in (ROOT / "docs" / "how-to").glob("*.md") if p.name not in ELSEWHERE),
]
REFERENCE = [
    page
    for page in sorted((ROOT / "docs" / "reference").glob("*.md"))
    if "```console" in page.read_text(encoding="utf-8")
]


def _environment(home: Path, put_command: Callable[[Path], object]) -> dict[str, str]:
    """The environment of a reader who installed Phonotheque and has no habits yet."""
    phono = home / "bin" / "phono"
    phono.parent.mkdir()
    put_command(phono)
    kept = {key: os.environ[key] for key in ("PYTHONPATH", "TMPDIR") if key in os.environ}
    path = f"{phono.parent}:{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(home), "LC_ALL": "C.UTF-8", **kept}


def _put_real_command(path: Path) -> None:
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m phonotheque "$@"\n')
    path.chmod(0o755)


@pytest.fixture(scope="module")
def warm_shell(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A reader's environment whose `phono` has imported everything before."""
    return _environment(tmp_path_factory.mktemp("home"), warm().put_command)


@pytest.fixture
def shell(
    page: Path, warm_shell: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """A reader's environment; one page is typed to the command as it is installed."""
    if page.name != AS_INSTALLED:
        return warm_shell
    return _environment(tmp_path_factory.mktemp("home"), _put_real_command)


@pytest.fixture(scope="module")
def starts(
    tmp_path_factory: pytest.TempPathFactory, warm_shell: dict[str, str], short_label: Path
) -> dict[str, Path]:
    """What may lie in a page's folder: the demo's label, or an archive that holds it as well."""

    def make(folder: Path) -> None:
        nothing, music, demo, archive = (folder / name for name in STARTS)
        nothing.mkdir()
        for copy in (music / "music", demo / "try" / "label", archive / "music"):
            shutil.copytree(short_label, copy)
        for arguments in (
            ("init", "archive", "--name", "Kettle & Comet"),
            ("--archive", "archive", "add", "music", "--depositor", "The label", "--jobs", "1"),
            ("--archive", "archive", "publish", "run"),
        ):
            subprocess.run(["phono", *arguments], cwd=archive, env=warm_shell, check=True)

    folder = made_once(tmp_path_factory, "starts", make)
    return {name: folder / name for name in STARTS}


@pytest.mark.parametrize("page", [*PAGES, *REFERENCE], ids=lambda page: page.name)
def test_a_page_does_what_it_says(
    page: Path, starts: dict[str, Path], shell: dict[str, str], tmp_path: Path
) -> None:
    """Typed in order into one shell, the commands print what the page shows and end as it says."""
    text = page.read_text(encoding="utf-8")
    for program in needs_of(text):
        if not shutil.which(program):
            pytest.skip(f"there is no {program} here")
    commands = commands_of(text)
    folder = tmp_path / "reader"
    shutil.copytree(starts[start_of(text)], folder, symlinks=True)
    wrong = []
    for command, ran in zip(commands, run(commands, folder, shell), strict=True):
        if ran.status != command.status or not is_alike(command.output, ran.output):
            where = f"{page.name}:{command.line}: $ {command.text}"
            wrong.append(
                f"{where}\n-- ends with {ran.status}, should with {command.status}; prints\n"
                f"{ran.output}-- the page says\n{command.output}"
            )
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "page",
    [*(ROOT / "docs" / "tutorial").glob("*.md"), ROOT / "README.md"],
    ids=lambda page: page.name,
)
def test_a_page_has_commands(page: Path) -> None:
    """The tutorial and the front page are not read past by the test above."""
    assert commands_of(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("expected", "actual", "alike"),
    [
        ("added  13  15.4 MB\n", "added   13  700.1 kB\n", True),
        ("added  13  15.4 MB\n", "added   12  15.4 MB\n", False),
        ("a\n...\nz\n", "a\nb\nc\nz\n", True),
        ("a\n...\nz\n", "a\nz\n", True),
        ("a\n...\n", "a\nb\n", True),
        ("a\n...\nz\n", "b\nz\n", False),
        ("in ... s\n", "in 5 s\n", True),
        ("", "anything\n", False),
        ("", "", True),
        ("since 2026-11-21 06:04 UTC.\n", "since 2027-01-01 00:00 UTC.\n", True),
        ("objects/34/79/34796c4e6f64b2f2\n", "objects/00/11/00112233445566\n", True),
        ("nothing was lost\n", "something was lost\n", False),
    ],
)
def test_what_differs_from_run_to_run_is_compared_by_kind(
    expected: str, actual: str, *, alike: bool
) -> None:
    """Sizes, instants and digests may differ, words and counts may not."""
    assert is_alike(expected, actual) is alike


@pytest.mark.parametrize(
    "page",
    [
        "<!-- test: skip -->\n```console\n$ false\n```\n",
        "<!-- test: sometimes -->\n```console\n$ false\n```\n",
        "```console\nprinted by nobody\n```\n",
    ],
)
def test_a_block_that_cannot_be_run_is_refused(page: str) -> None:
    """A slip in a page never turns a test off."""
    with pytest.raises(ValueError, match=r"reason|not a way|begins with"):
        commands_of(page)
