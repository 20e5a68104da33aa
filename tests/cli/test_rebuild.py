"""`phono rebuild`: state/ again, from the register and the objects alone."""

import shutil

import pytest
from tests.cli.phono import LICENSED, copy_archive, damage, flip, found, rows
from tests.cli.small_music import make_file, make_music

from phonotheque.archive.keeping import rebuild
from phonotheque.store.objects import DiskStore

NOT_REBUILT = ("source", "note")
"""Which source files were read before is forgotten; notes are of the file itself."""


def index_of(phono):
    found = rows(phono.root / "state/index.sqlite", *NOT_REBUILT)
    found["curves"] = sorted(row[1:] for row in found["curves"])  # a number is given as they come
    return found


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """An archive with sealed and unsealed recordings, a decision, a check and a mended damage."""
    tmp_path = tmp_path_factory.mktemp("full")
    phono, music = found(tmp_path / "archive"), tmp_path / "music"
    make_music(music, 4)
    make_file(music / "release 0" / "long.wav", 60, frames=1_200_000)  # three pieces: a layer
    told = phono.add(music, *LICENSED)
    phono("rights", "set", told["release 0/003.wav"]["sha256"], "--licence", "InC").expect(0)
    phono.publish()
    make_file(tmp_path / "late.flac", 50)
    phono.add(tmp_path / "late.flac", "--depositor", "Ada Example", "--collection", "Late")
    phono("verify", "--oldest", "3").expect(0)
    phono.object(told["notes.txt"]["sha256"]).unlink()
    phono("verify").expect(1)
    phono.add(music / "notes.txt", *LICENSED)
    phono("export", "--all", "--to", tmp_path / "out").expect(0)
    return phono.root


@pytest.fixture
def full(template, tmp_path):
    """A copy of it."""
    return copy_archive(template, tmp_path / "archive")


def lose_state(root):
    shutil.rmtree(root / "state")


def lose_index(root):
    (root / "state/index.sqlite").unlink()


def spoil_index(root):
    for path in root.glob("state/index.sqlite*"):
        path.write_bytes(b"no database at all" * 400)


@pytest.mark.parametrize("lose", [lose_state, lose_index, spoil_index, lambda root: None])
def test_every_row_comes_back(full, lose):
    """Whatever happens to state/, the rebuilt index has every row that the lost one had."""
    before = index_of(full)
    empty = {"edit", "correction", "link", "dressing", "finding", "pack", "retirement"}
    empty |= {"publication", "case_line", "access_copy"}
    assert all(len(before[table]) for table in set(before) - empty)
    lose(full.root)
    full("rebuild", "--jobs", "1").expect(0)
    assert index_of(full) == before
    full("verify").expect(0)


def test_sealed_objects_are_not_hashed_again(full, monkeypatch):
    """Layers of sealed recordings come from their torrents; of the others each is read once."""
    hashed = []
    monkeypatch.setattr(rebuild, "digest_file", _noting(hashed, rebuild.digest_file))
    opened = []
    real = DiskStore.open
    monkeypatch.setattr(
        DiskStore, "open", lambda self, name: opened.append(name) or real(self, name)
    )
    monkeypatch.setattr("phonotheque.archive.keeping.wiring.rereaders", _one_hand)
    told = full("rebuild", "--json").expect(0).one()
    unsealed = [row for row in index_of(full)["object"] if row[11] is None]
    assert len(hashed) == len(unsealed) == 3
    # Tags are in no register line: a recording is opened for them, and its audio is not hashed.
    assert told["read_again"] == len(opened) == len(set(opened)) == 7


def _noting(calls, real):
    def noted(file):
        calls.append(file)
        return real(file)

    return noted


def _one_hand(root, count):
    """Hands in this process, so that what they do can be counted."""
    from contextlib import nullcontext

    from phonotheque.archive.keeping.wiring import _rereader
    from phonotheque.hands import OneHand

    return nullcontext(OneHand(_rereader(root)))


def test_a_stopped_rebuild_goes_on(full, monkeypatch):
    """Ctrl-C in the middle ends with 130; the next rebuild reads only what is left."""
    before = index_of(full)
    lose_state(full.root)
    real = rebuild.reread_all

    def stopped(archive, hands, wanted):
        for number, done in enumerate(real(archive, hands, wanted)):
            if number == 2:
                raise KeyboardInterrupt
            yield done

    with monkeypatch.context() as patch:
        patch.setattr(rebuild, "reread_all", stopped)
        full("rebuild", "--jobs", "1").expect(130)
    assert "`phono rebuild` was begun" in full("status").out
    told = full("rebuild", "--jobs", "1", "--json").expect(0).one()
    assert told["read_again"] < 7
    assert "was begun" not in full("status").out
    assert index_of(full) == before
    assert full("rebuild", "--jobs", "1", "--json").one()["read_again"] == 7


def test_what_cannot_be_read_again_is_named(full):
    """A damaged or missing object and a torrent that is not the sealed one are findings: exit 1."""
    kept = [row for row in index_of(full)["object"] if row[11] is None]
    paths = sorted(full.object(row[0].hex()) for row in kept)
    damage(paths[0], flip(0))
    paths[1].unlink()
    (torrent,) = full.root.glob("published/*-open-all-*.torrent")
    damage(torrent, flip(-3))
    lose_state(full.root)
    done = full("rebuild").expect(1)
    for path in (*paths[:2], torrent):
        assert path.relative_to(full.root).as_posix() in done.out


def test_the_first_look_after_a_loss_answers(full):
    """With state/ gone any command takes the register in again and answers as before."""
    before = full("status", "--json").one()
    lose_state(full.root)
    after = full("status", "--json").expect(0).one()
    assert after == before
