"""Small JSON files of the catalogue whose bytes changed on the disk."""

from __future__ import annotations

import pytest

from phonotheque.catalogue.dump.contents import read_contents
from phonotheque.catalogue.dump.layout import CONTENTS, SUMS
from phonotheque.catalogue.identity.decisions import FILE, read_all
from phonotheque.catalogue.search.layout import read_layout
from phonotheque.catalogue.snapshot import DESCRIPTOR, read_snapshot
from phonotheque.catalogue.sources.staging import read_report, read_terms
from phonotheque.disk import LocalDisk
from phonotheque.errors import MalformedError

READERS = {
    f"snapshot/{DESCRIPTOR}": lambda root: read_snapshot(root, LocalDisk(root), "snapshot"),
    "search.json": read_layout,
    FILE: lambda root: read_all(LocalDisk(root)),
    "sources/one/000001/terms.json": lambda root: read_terms(LocalDisk(root), "one", "000001"),
    "sources/one/000001/report.json": lambda root: read_report(LocalDisk(root), "one", "000001"),
    CONTENTS: read_contents,
}
DAMAGES = (
    b'{"format": 0, "name": "\xff", "rows": "\xff"}',
    b'{"\xff": 1}',
    b'{"format": "\xed\xa0\x80"}',
    b"{",
    b"[]",
    b"",
)


@pytest.mark.parametrize("damage", DAMAGES, ids=range(len(DAMAGES)))
@pytest.mark.parametrize("name", READERS)
def test_bytes_that_are_no_text_are_told(tmp_path, name, damage):
    """What is no JSON, or JSON with bytes that are no UTF-8 in its texts, is named as damaged, or
    has no line to read; no error of a library's gets out."""
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / SUMS).touch()
    path.write_bytes(damage + b"\n" * bool(damage))
    if name == FILE and not damage:
        assert READERS[name](tmp_path) == []
        return
    with pytest.raises(MalformedError, match=path.name):
        READERS[name](tmp_path)
