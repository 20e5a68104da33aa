"""The index as a cache: what it answers, and that it is never ahead of itself."""

import sqlite3

import pytest
from tests.register.test_projection import NAMES, accession, at, held, index_of

from phonotheque.errors import UnavailableError
from phonotheque.music.digest import PIECE_BYTES, Digests, Sha256
from phonotheque.music.facts import AudioFacts, Readability, Tags
from phonotheque.register.events import Deposit, Founding, Role
from phonotheque.register.holdings import Curves, SourceFile
from phonotheque.register.index import Index
from phonotheque.register.journal import START

A, B = (Sha256.parse(name) for name in NAMES[:2])


def digests_of(name, pieces=1):
    size = pieces * PIECE_BYTES
    layer = b"\x01" * 32 * pieces if pieces > 1 else b""
    return Digests(size, name, b"\x02" * 32, layer, b"\x03" * 20 * pieces)


def test_a_new_index_stands_at_the_beginning(tmp_path):
    """Before the first entry its place is the start, and nothing is held."""
    index = Index(tmp_path / "i.sqlite")
    assert index.place == START
    assert index.held(A) is None
    assert list(index.oldest_checked()) == []


def test_rows_and_place_come_together(tmp_path):
    """A transaction that fails leaves neither rows nor place: the index is not ahead of itself."""
    index = index_of([Founding(1, "x"), accession(NAMES[0])])
    before = list(index.db.iterdump())

    def fail():
        with index.transaction():
            index.seal_into("v", at(9), [A])
            index.set_note("x", "y")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(index.db.iterdump()) == before


def test_what_is_committed_is_read_by_another(tmp_path):
    """A second connection sees what the first committed, and is not in its way."""
    one, other = Index(tmp_path / "i.sqlite"), Index(tmp_path / "i.sqlite")
    with one.transaction():
        one.set_note("unseen", "yes")
        assert other.note("unseen") == ""
    assert other.note("unseen") == "yes"


def test_opening_to_read_writes_nothing(tmp_path):
    """An index that is there is opened while another process is in the middle of writing."""
    one = Index(tmp_path / "i.sqlite")
    with one.transaction():
        one.set_note("x", "y")
        other = Index(tmp_path / "i.sqlite")  # would wait for 30 s and fail if it had to write
        other.db.execute("PRAGMA busy_timeout = 0")
        assert other.place == START


def test_the_index_of_another_version_is_refused(tmp_path):
    """Rows of another layout are never read: the refusal says `phono rebuild`."""
    Index(tmp_path / "i.sqlite").close()
    db = sqlite3.connect(tmp_path / "i.sqlite")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(UnavailableError, match="phono rebuild"):
        Index(tmp_path / "i.sqlite")


def test_a_note_is_kept_until_it_is_forgotten():
    """A note is read back; an empty one is none."""
    index = Index(":memory:")
    index.set_note("rebuilding", "yes")
    assert index.note("rebuilding") == "yes"
    index.set_note("rebuilding", "")
    assert index.note("rebuilding") == ""


@pytest.mark.parametrize("digits", range(6, 65))
def test_a_beginning_finds_its_object(digits):
    """Any number of digits from 6 on, even or odd, finds the objects that begin with them."""
    index = index_of([Founding(1, "x"), *(accession(name) for name in NAMES)])
    assert [one.sha256 for one in index.find(NAMES[2][:digits])] == [Sha256.parse(NAMES[2])]


def test_twins_by_their_beginning_are_both_found():
    """Names that share a beginning are found together, and apart where they differ."""
    twin = NAMES[0][:-1] + "f"
    index = index_of([Founding(1, "x"), accession(NAMES[0]), accession(twin)])
    assert len(index.find(NAMES[0][:63])) == 2
    assert len(index.find(twin)) == 1


def test_what_is_unproven_for_longest_comes_first():
    """Objects come in order of their last check, then of their name."""
    index = index_of([Founding(1, "x"), *(accession(name) for name in reversed(NAMES))])
    assert [one.sha256.hex for one in index.oldest_checked()] == NAMES[::-1]
    assert [one.sha256.hex for one in index.oldest_checked(2)] == NAMES[:1:-1]
    with index.transaction():
        index.seal_into("v", at(9), [Sha256.parse(NAMES[3])])
    assert next(index.oldest_checked(1)).sha256.hex == NAMES[2]


def test_sealing_never_makes_a_check_older():
    """A volume sealed at an earlier instant than the last check leaves the check as it is."""
    index = index_of([Founding(1, "x"), accession(NAMES[0])])
    with index.transaction():
        index.seal_into("v", at(1), [A])
    assert (held(index, NAMES[0]).checked_at, held(index, NAMES[0]).volume) == (at(2), "v")
    assert [one.sha256 for one in index.in_volume("v")] == [A]


def test_only_sound_readable_recordings_wait_for_a_volume():
    """Companions, unreadable audio and sealed recordings are no candidates; order is of arrival."""
    readable = {"readability": "readable"}
    index = index_of(
        [
            Founding(1, "x"),
            accession(NAMES[3], **readable),
            accession(NAMES[0], **readable),
            accession(NAMES[1], readability="unreadable"),
            accession(NAMES[2], role=Role.COMPANION),
        ]
    )
    assert [one.sha256.hex for one in index.unsealed()] == [NAMES[3], NAMES[0]]
    with index.transaction():
        index.seal_into("v", at(9), [A])
    assert [one.sha256.hex for one in index.unsealed()] == [NAMES[3]]


def test_companions_are_those_of_the_folder():
    """Companions of an accession lay in its folder of its deposit, not below and not beside."""
    companion = Role.COMPANION
    index = index_of(
        [
            Founding(1, "x"),
            Deposit(),
            accession(NAMES[0], deposit=2, path="a/song.flac"),
            accession(NAMES[1], deposit=2, path="a/cover.png", role=companion),
            accession(NAMES[2], deposit=2, path="a/b/cover.png", role=companion),
            Deposit(),
            accession(NAMES[3], deposit=6, path="a/cover.png", role=companion),
        ]
    )
    (came,) = index.accessions(A)
    assert index.companions(came) == [(B, "a/cover.png")]


@pytest.mark.parametrize("pieces", [1, 3])
def test_digests_are_kept_whole(pieces):
    """What one reading gave is given back; of what was not read nothing is said."""
    event = accession(NAMES[0])
    index = index_of([Founding(1, "x"), event])
    size = pieces * PIECE_BYTES
    index.db.execute("UPDATE object SET size_bytes = ?, pieces_root = ?", (size, b"\x02" * 32))
    assert index.digests(index.held(A)) is None
    assert all(index.lacks(table, A) for table in ("layer", "tags", "curves"))
    index.remember(digests_of(A, pieces))
    index.remember_facts(A, AudioFacts(Readability.READABLE, tags=Tags(title="T"), waveform=b"w"))
    assert index.digests(index.held(A)) == digests_of(A, pieces)
    assert index.tags(A) == Tags(title="T")
    assert index.tags(B) == Tags()
    assert index.curves(A) == Curves(1, b"", b"w")
    assert index.curves(B) is None
    assert not any(index.lacks(table, A) for table in ("layer", "tags", "curves"))


@pytest.mark.parametrize("field", ["size_bytes", "modified_ns", "changed_ns", "inode", "device"])
def test_a_source_that_differs_in_anything_is_read_again(field):
    """A file is recognised by all that the file system says of it, and by nothing less."""
    from dataclasses import replace

    index = Index(":memory:")
    source = SourceFile(1, 2, 3, 4, 5)
    index.remember_source(source, A)
    assert index.known_source(source) == A
    assert index.known_source(replace(source, **{field: 99})) is None
    index.remember_source(source, B)
    assert index.known_source(source) == B
