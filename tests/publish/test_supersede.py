"""New volumes in the place of old ones, made of stored layers."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.publish.test_seal import AT, STATED, Stage

from phonotheque.disk import read_whole
from phonotheque.errors import UnavailableError
from phonotheque.music.doors import Door, ask
from phonotheque.music.permissions import LicenceClass
from phonotheque.music.rights import Basis, Code, RightsStatement, Verdict
from phonotheque.publish.names import stem_of
from phonotheque.publish.plan import Limits
from phonotheque.publish.run import Conditions, plan
from phonotheque.publish.sealed import live, members, remains, unpublish, withdraw
from phonotheque.publish.supersede import correct, fold, plan_folds
from phonotheque.publish.torrent_reader import read_torrent
from phonotheque.register.events import Removal, Rights, Volume
from phonotheque.register.published import proven_at, retirements

ON = date(2026, 11, 21)
VOLUME = "x-open-all-00001"
NC = "https://creativecommons.org/licenses/by-nc/4.0/"


@pytest.fixture
def stage():
    """An archive with one volume of three recordings."""
    made = Stage()
    made.run()
    return made


def asked(stage):
    """The resolver, as the command asks it."""
    return lambda held: ask(Door.PUBLISH, stage.index.statements(held.sha256), ON)


def restate(stage, name, licence):
    statement = RightsStatement(licence=licence, basis=Basis.DECISION, stated_at=AT)
    stage.record(Rights(name.sha256.hex, statement))


def only_lists(stage, monkeypatch):
    """Let nothing but lists, torrents and the register be opened from here on."""
    real = stage.disk.open

    def opened(path):
        assert not path.startswith("objects/") or path.startswith("objects/lists/"), path
        return real(path)

    monkeypatch.setattr(stage.disk, "open", opened)


def test_a_correction_leaves_out_what_may_not_stay_and_reads_no_audio(stage, monkeypatch):
    """The successor has the same layers without the withdrawn recording; no object is opened."""
    (volume,) = live(stage.index)
    restate(stage, stage.names[1], "InC")
    with monkeypatch.context() as patch:
        only_lists(stage, patch)
        done = correct(stage.press(), volume, "Withdrawn.", asked(stage))
    assert done.left_out == (stage.names[1].sha256,)
    (successor,) = live(stage.index)
    assert (successor.name, successor.supersedes) == ("x-open-all-00002", VOLUME)
    assert members(stage.disk, successor) == [stage.names[0], stage.names[2]]
    torrent = read_whole(stage.disk, f"published/{VOLUME}.torrent")
    before = {file.path: file for file in read_torrent(torrent).files}
    for file in read_torrent(done.torrent.data).files:
        if file.path[0] != "lists":
            assert file == before[file.path]
    assert retirements(stage.index)[VOLUME].superseded_by == successor.name


def test_retirement_stands_before_its_successor(stage):
    """In the register the old one is retired first: a torn end offers too little, never more."""
    (volume,) = live(stage.index)
    restate(stage, stage.names[1], "InC")
    correct(stage.press(), volume, "Withdrawn.", asked(stage))
    lines = read_whole(stage.disk, "register/000001.jsonl").decode().splitlines()
    assert '"event":"retirement"' in lines[-2]
    assert '"event":"volume"' in lines[-1]


def test_what_is_removed_is_left_out_unasked(stage):
    """A removed object is in no successor, whatever the resolver is told."""
    (volume,) = live(stage.index)
    stage.record(Removal(stage.names[0].sha256.hex, "Asked for."))
    yes = Verdict(Code.LICENSED, "Yes.", STATED, LicenceClass.OPEN)
    done = correct(stage.press(), volume, "Removed.", lambda held: yes)
    assert done.left_out == (stage.names[0].sha256,)


def test_what_changed_its_class_goes_to_a_volume_of_that_class(stage):
    """A recording that is now NC leaves the open volume and is planned into one of its own."""
    (volume,) = live(stage.index)
    restate(stage, stage.names[2], NC)
    done = correct(stage.press(), volume, "Other terms.", asked(stage))
    assert done.left_out == (stage.names[2].sha256,)
    conditions = Conditions("x", ON, Limits(), claims_count=False)
    (planned,) = plan(stage.index, conditions).volumes
    assert (planned.name, planned.objects) == ("x-nc-all-00001", 1)


def test_when_nothing_is_left_the_volume_is_only_retired(stage):
    """No empty volume is made."""
    (volume,) = live(stage.index)
    no = Verdict(Code.NOT_EVALUATED, "No.")
    done = correct(stage.press(), volume, "Withdrawn.", lambda held: no)
    assert (done.planned, done.torrent) == (None, None)
    assert live(stage.index) == []
    assert retirements(stage.index)[VOLUME].superseded_by == ""


def test_without_layers_nothing_is_recorded(stage):
    """Lost layers are said, with the way out; the old volume stays as it is."""
    (volume,) = live(stage.index)
    with stage.index.transaction():
        stage.index.db.execute("DELETE FROM layer")
    with pytest.raises(UnavailableError, match="phono rebuild"):
        correct(stage.press(), volume, "Withdrawn.", asked(stage))
    assert live(stage.index) == [volume]


def test_folding_keeps_every_recording_once(stage, monkeypatch):
    """Small volumes become one with all their recordings, in order; each knows its successor."""
    for seed in (7, 8):
        stage.take_in(bytes([seed]) * 5000)
        stage.run()
    small = live(stage.index)
    with monkeypatch.context() as patch:
        only_lists(stage, patch)
        done = fold(stage.press(), small, asked(stage))
    (volume,) = live(stage.index)
    assert members(stage.disk, volume) == stage.names
    assert volume.supersedes == ""
    assert {r.superseded_by for r in retirements(stage.index).values()} == {volume.name}
    assert done.retired == tuple(one.name for one in small)
    inside = [held.sha256 for held in stage.index.in_volume(volume.name)]
    assert inside == sorted(name.sha256 for name in stage.names)


def test_a_fold_proves_nothing(stage):
    """What was not read is not called checked: a successor is as old as the oldest before it."""
    stage.take_in(b"later" * 999)
    stage.run()
    first = proven_at(stage.index, VOLUME)
    fold(stage.press(), live(stage.index), asked(stage))
    (volume,) = live(stage.index)
    assert proven_at(stage.index, volume.name) == first


def test_files_of_the_retired_go_when_told(stage):
    """Torrent and link are taken away, then nothing remains; lists go where they name a removal."""
    (volume,) = live(stage.index)
    restate(stage, stage.names[1], "InC")
    correct(stage.press(), volume, "Withdrawn.", asked(stage))
    assert remains(stage.disk, stage.index) == [VOLUME]
    for _ in range(2):
        unpublish(stage.disk, VOLUME)
        assert remains(stage.disk, stage.index) == []
        assert [e.name for e in stage.disk.list("published")] == ["x-open-all-00002.torrent"]
        assert [e.name for e in stage.disk.list("volumes")] == ["x-open-all-00002"]
    assert members(stage.disk, volume) == stage.names
    for _ in range(2):
        withdraw(stage.disk, VOLUME)
        assert stage.disk.list(f"objects/lists/{VOLUME}") == []


def volume_of(number, objects, stem):
    return Volume(f"{stem}-{number:05d}", "open", objects, objects * 10, "", "", "", "")


small_volumes = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from(["x-open-all", "x-nc-t50"])), max_size=20
).map(lambda drawn: [volume_of(n, *one) for n, one in enumerate(drawn, 1)])


@given(small_volumes, st.integers(1, 30), st.integers(10, 300))
def test_folds_fit_and_are_worth_it(volumes, most_objects, most_bytes):
    """A group has one stem and two or more volumes, fits the limits, and at least doubles each."""
    grouped = list(plan_folds(volumes, Limits(most_objects, most_bytes)))
    names = [volume.name for group in grouped for volume in group]
    assert len(names) == len(set(names))
    for group in grouped:
        objects = sum(volume.objects for volume in group)
        assert len(group) >= 2
        assert len({stem_of(volume.name) for volume in group}) == 1
        assert objects <= most_objects
        assert sum(volume.size_bytes for volume in group) <= most_bytes
        assert all(volume.objects * 2 <= objects for volume in group)
        assert list(group) == [volume for volume in volumes if volume in group]


@given(st.integers(1, 400))
def test_a_recording_moves_seldom(count):
    """Publish one recording a day and fold each day: none moves more often than limits halve."""
    moves = {}
    volumes = []
    for day in range(1, count + 1):
        volumes.append((volume_of(day, 1, "x-open-all"), {day}))
        for group in list(plan_folds([v for v, _ in volumes], Limits(64, 10**9))):
            inside = set().union(*(held for v, held in volumes if v in group))
            volumes = [(v, held) for v, held in volumes if v not in group]
            volumes.append((volume_of(1000 + day * 10, len(inside), "x-open-all"), inside))
            for one in inside:
                moves[one] = moves.get(one, 0) + 1
    assert max(moves.values(), default=0) <= 6
    assert len(volumes) <= count / 64 + 7
