"""The extract of the register can be followed from line to line, and keeps quiet about the rest."""

from __future__ import annotations

import hashlib
import json

import pytest

from faults.memory import MemoryDisk
from faults.way_in import found, make_music, opened
from phonotheque.disk import read_whole
from phonotheque.music.rights import Basis, RightsStatement
from phonotheque.publish.packs import register_extract
from phonotheque.publish.packs.register_extract import RegisterExtract
from phonotheque.publish.packs.shareable import ask_all
from phonotheque.register.events import (
    Correction,
    Deposit,
    Edit,
    Fixity,
    Pack,
    Publication,
    Removal,
    Rights,
)
from publish.packs.stock import TODAY, make, stocked


@pytest.fixture
def disk(tmp_path):
    """A disk with an archive of three recordings and a text, all of which may be given away."""
    disk = MemoryDisk()
    found(disk)
    with stocked(disk, make_music(tmp_path / "music")):
        pass
    return disk


def names(archive):
    query = "SELECT lower(hex(sha256)) FROM object ORDER BY first_seq"
    return [name for (name,) in archive.index.db.execute(query)]


def extract(archive):
    ask_all(archive.index, TODAY, claims_count=False)
    return RegisterExtract(archive.index, archive.disk)


def lines_of(source):
    """All lines of an extract, in order."""
    data = b"".join(source.content(one.key).data for one in source.wanted())
    return data.splitlines(keepends=True)


def followed(lines):
    """Follow the chain as anybody can; returns the digest of the last line."""
    before = "0" * 64
    for number, line in enumerate(lines, 1):
        told = json.loads(line)
        assert told["seq"] == number
        if "event" in told:
            assert told["prev"] == before
            before = hashlib.sha256(line).hexdigest()
        else:
            assert told.keys() == {"seq", "sha256"}
            before = told["sha256"]
    return before


def register(disk):
    return read_whole(disk, "register/000001.jsonl").splitlines(keepends=True)


def test_lines_are_those_of_the_register(disk):
    """Whole lines are byte for byte the register's, withheld ones are their digests."""
    with opened(disk) as archive:
        archive.record(Edit(names(archive)[0], "title", "New"), Fixity(1, 2))
        lines = lines_of(extract(archive))
    for shown, line in zip(lines, register(disk), strict=True):
        digest = hashlib.sha256(line).hexdigest()
        assert shown == line or json.loads(shown)["sha256"] == digest
    assert followed(lines) == hashlib.sha256(register(disk)[-1]).hexdigest()
    told = [json.loads(line).get("event") for line in lines]
    assert told == ["founding", "deposit", *["accession"] * 4, "edit", None]


@pytest.mark.parametrize("embargo", ["2099-01-01", None])
def test_lines_about_what_is_not_shared_are_withheld(disk, embargo):
    """Accession, decision and correction of an embargoed or refused object leave their digest."""
    with opened(disk) as archive:
        name = names(archive)[0]
        licence = "https://creativecommons.org/licenses/by/4.0/" if embargo else ""
        statement = RightsStatement(
            licence=licence,
            basis=Basis.DECISION,
            valid_from=embargo,
            stated_at="2026-11-21T06:00:00Z",
        )
        archive.record(Rights(name, statement), Edit(name, "title", "Secret"))
        lines = lines_of(extract(archive))
        assert name.encode() not in b"".join(lines)
        assert b"Secret" not in b"".join(lines)
        assert followed(lines) == hashlib.sha256(register(disk)[-1]).hexdigest()
        assert sum(b'"event"' not in line for line in lines) == 3


def test_corrections_of_what_everybody_knows_are_told(disk):
    """A correction of a thing that MusicBrainz knows is whole, of any other thing it is withheld:
    what only this archive knows may be what is not shared."""
    gid = "6c1f2d3e-4a5b-4c6d-8e7f-9a0b1c2d3e4f"
    with opened(disk) as archive:
        archive.record(
            Correction("artist", gid, "name", "Ada Marrow", "so it is printed"),
            Correction("recording", gid, "title", "Secret", source="holdings"),
            Correction("artist", gid, "name", is_undone=True),
        )
        lines = lines_of(extract(archive))
    assert lines[-3:] == [register(disk)[-3], lines[-2], register(disk)[-1]]
    assert json.loads(lines[-2]).keys() == {"seq", "sha256"}
    assert followed(lines) == hashlib.sha256(register(disk)[-1]).hexdigest()


def test_a_removal_is_told_and_what_was_removed_is_not(disk):
    """Of a removed object the removal stays to be read, and nothing else."""
    with opened(disk) as archive:
        name = names(archive)[0]
        archive.record(Removal(name, "asked for"))
        shown = [json.loads(line) for line in lines_of(extract(archive))]
        about = [one["event"] for one in shown if name in json.dumps(one)]
        assert about == ["removal"]


def test_a_deposit_of_nothing_shared_is_withheld(disk):
    """The line of a deposit is whole only when something of it is shared."""
    with opened(disk) as archive:
        archive.record(Deposit("p9", "a private matter"))
        assert b"private" not in b"".join(lines_of(extract(archive)))


def test_what_publishing_writes_is_not_waited_for(disk):
    """Lines that publishing wrote at the end make no other extract: publishing twice is quiet."""
    with opened(disk) as archive:
        before = list(extract(archive).wanted())
        archive.record(
            Pack("p", "art", 1, 1, 1, "0" * 64, "0" * 64, "0" * 64, "0" * 40),
            Publication(1, "0" * 64, 1),
        )
        assert list(extract(archive).wanted()) == before
        archive.record(Deposit("p9"))
        after = list(extract(archive).wanted())
        assert [one.key for one in after] == [one.key for one in before]
        assert [one.version for one in after] != [one.version for one in before]
        assert b'"event":"publication"' in b"".join(lines_of(extract(archive)))


def test_only_the_last_part_changes(disk, monkeypatch):
    """In parts and segments: a longer register changes its last part, the others stay."""
    monkeypatch.setattr(register_extract, "PART_LINES", 3)
    monkeypatch.setattr("phonotheque.register.journal.SEGMENT_BYTES", 6000)
    with opened(disk) as archive:
        for number in range(20):
            archive.record(Edit(names(archive)[0], "title", f"Title {number}" * 50))
        assert len(disk.list("register")) > 2
        before = list(extract(archive).wanted())
        assert followed(lines_of(extract(archive))) == archive.journal.end.head.digest
        assert [one.is_passing for one in before] == [*[False] * (len(before) - 1), True]
        archive.record(Edit(names(archive)[1], "title", "Other"))
        after = list(extract(archive).wanted())
        stays = [one for one in after if one in before]
        assert len(stays) >= len(before) - 1
        assert [one.key for one in after] == sorted(one.key for one in after)


def test_growing_replaces_the_last_pack_alone(disk, monkeypatch):
    """When the register has grown, complete parts are packed once and stay."""
    monkeypatch.setattr(register_extract, "PART_LINES", 3)
    with opened(disk) as archive:
        first = make(disk, archive, extract(archive))
        assert [pack.items for pack in first.made] == [1, 1]
        archive.record(Edit(names(archive)[0], "title", "New"))
        again = make(disk, archive, extract(archive))
        assert ([pack.items for pack in again.made], again.kept) == ([1], 2)
        archive.record(Edit(names(archive)[0], "title", "Newer"))
        archive.record(Edit(names(archive)[0], "title", "Newest"))
        again = make(disk, archive, extract(archive))
        assert [pack.items for pack in again.made] == [1]
        quiet = make(disk, archive, extract(archive))
        assert (quiet.made, quiet.retired) == ([], [])
