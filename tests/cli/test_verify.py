"""`phono verify`: are the stored bytes still the registered ones?"""

import json

import pytest
from tests.cli.phono import damage, flip, found, rows, tree
from tests.cli.small_music import make_music

from phonotheque.archive.keeping import verify

KEYS = ["kind", "path", "detail"]


@pytest.fixture
def phono(stocked):
    """An archive with something in it; each object was checked when it came in."""
    return stocked[0]


@pytest.fixture
def held(stocked):
    """What is held, by path."""
    return stocked[1]


def instants(phono):
    """When each object was last checked, by name."""
    index = rows(phono.root / "state/index.sqlite")
    return {row[0].hex(): row[9] for row in index["object"]}


def oldest(phono, count):
    by_age = sorted((at, name) for name, at in instants(phono).items())
    return [name for _, name in by_age[:count]]


def test_it_only_reads(phono, held):
    """A check changes nothing in the archive but the register and state/."""
    before = tree(phono.root, "state", "register/")
    phono("verify").expect(0)
    assert tree(phono.root, "state", "register/") == before


def test_one_event_a_run(phono, held):
    """Every run that read something is one line of the register with its number and bytes."""
    phono("verify").expect(0)
    phono("verify", "--oldest", "2").expect(0)
    runs = phono.events("fixity")
    assert [run["examined"] for run in runs] == [5, 2]
    assert runs[0]["examined_bytes"] == sum(
        path.stat().st_size for path in phono.root.glob("objects/??/??/*")
    )


def test_the_json_tells_findings_then_the_sum(phono, held):
    """--json prints one object for each finding, then one with the number read."""
    phono.object(held["notes.txt"]).unlink()
    *findings, total = phono("verify", "--json").expect(1).lines()
    assert [list(one) for one in findings] == [KEYS]
    none = {"packs": 0, "packs_bytes": 0, "torrents": 0, "signed": 0}
    read = [path.stat().st_size for path in phono.root.glob("objects/??/??/*")]
    assert total == {
        "objects": 5,
        "examined": 4,
        "examined_bytes": sum(read),
        **none,
        "findings": 1,
    }


def test_what_is_not_there_is_not_counted_as_read(phono, held):
    """What is missing or cut off was looked for, and no more; the register says so, too."""
    phono.object(held["notes.txt"]).unlink()
    damage(phono.object(held["release 0/001.flac"]), lambda data: data[:-1])
    assert phono("verify").expect(1).out.startswith("3 of 5 objects read, ")
    assert phono.events("fixity")[-1]["examined"] == 3


def test_findings_are_told_by_kind(phono, held):
    """Each way of being wrong has its word and its path, and what is sound has none."""
    paths = {path: phono.object(name) for path, name in held.items()}
    damage(paths["release 0/000.wav"], flip(-1))
    damage(paths["release 0/001.flac"], lambda data: data[:-1])
    damage(paths["release 0/002.mp3"], lambda data: data + b"\0")
    paths["notes.txt"].unlink()
    (phono.root / "objects" / "Thumbs.db").write_bytes(b"x")
    stray = phono.root / "objects" / "ab" / "cd" / f"abcd{'0' * 60}.wav"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"x")
    *findings, total = phono("verify", "--json").expect(1).lines()
    told = {one["path"]: one["kind"] for one in findings}

    def below(path):
        return path.relative_to(phono.root).as_posix()

    assert told == {
        below(paths["release 0/000.wav"]): "changed",
        below(paths["release 0/001.flac"]): "truncated",
        below(paths["release 0/002.mp3"]): "changed",
        below(paths["notes.txt"]): "missing",
        "objects/Thumbs.db": "foreign",
        below(stray): "unreferenced",
    }
    assert total["findings"] == 6
    assert len(phono.events("fixity")[0]["findings"]) == 6
    conditions = {path: phono.show(name)["condition"] for path, name in held.items()}
    assert conditions == {
        "release 0/000.wav": "changed",
        "release 0/001.flac": "truncated",
        "release 0/002.mp3": "changed",
        "release 0/003.wav": "intact",
        "notes.txt": "missing",
    }
    assert "changed!" in phono("status").expect(1).out


def test_damage_that_is_gone_is_forgotten(phono, held):
    """A file that somebody put back is sound again after the next check."""
    path = phono.object(held["notes.txt"])
    path.rename(path.with_suffix(".away"))
    phono("verify").expect(1)
    path.with_suffix(".away").rename(path)
    phono("verify").expect(0)
    assert phono.show(held["notes.txt"])["condition"] == "intact"


@pytest.mark.parametrize("count", [1, 2, 4, 5, 99])
def test_the_oldest_are_exactly_the_oldest(phono, held, count):
    """--oldest N reads the N objects whose last check is longest ago, and no other."""
    for name in sorted(held.values())[1:3]:
        phono("verify", name).expect(0)
    expected, before = set(oldest(phono, count)), instants(phono)
    phono("verify", "--oldest", str(count)).expect(0)
    after = instants(phono)
    assert {name for name in after if after[name] != before[name]} == expected
    assert len(expected) == min(count, 5)


def test_ranges_replay_equally(phono, held, tmp_path):
    """After any mixture of runs, additions and volumes a rebuild knows the same last checks."""
    more = make_music(tmp_path / "more", 3, seed=7)
    phono("verify", "--oldest", "2").expect(0)
    phono.add(*more[:2], "--licence", "CC-BY-4.0")
    phono.add(more[2])
    phono.publish()  # which reads two objects that came before the one not sealed
    phono("verify", "--oldest", "6").expect(0)
    phono("verify", *sorted(held.values())[:2]).expect(0)
    phono.object(oldest(phono, 1)[0]).unlink()
    phono("verify", "--oldest", "3").expect(1)
    phono.add(more[-1])
    phono("verify", "--oldest", "1").expect(0)
    of_the_lost = ("layer", "tags", "curves")  # these cannot be read again
    before = rows(phono.root / "state/index.sqlite", "source", "note", *of_the_lost)
    phono("rebuild").expect(1)
    assert rows(phono.root / "state/index.sqlite", "source", "note", *of_the_lost) == before


def test_only_the_named_are_read(phono, held):
    """Naming objects reads them and changes nothing that is known of others."""
    name = held["release 0/001.flac"]
    before = instants(phono)
    phono("verify", name[:12]).expect(0)
    after = instants(phono)
    assert {one for one in after if after[one] != before[one]} == {name}
    assert phono.events("fixity")[0]["objects"] == [name]


def stop_after(count, real=verify.check):
    """A check that is interrupted when it has told of `count` objects."""

    def check(archive, objects, jobs):
        for number, checked in enumerate(real(archive, objects, jobs)):
            if number == count:
                raise KeyboardInterrupt
            yield checked

    return check


@pytest.mark.parametrize("done", [0, 1, 3])
def test_a_stopped_run_records_what_it_did_and_the_next_goes_on(phono, held, monkeypatch, done):
    """Ctrl-C ends with 130; what was read is recorded, and the rest is then the oldest."""
    everything = oldest(phono, 5)
    before = instants(phono)
    with monkeypatch.context() as patch:
        patch.setattr(verify, "check", stop_after(done))
        stopped = phono("verify", "--jobs", "1").expect(130)
    assert f"Checked {done} of 5 objects" in stopped.err
    after = instants(phono)
    assert {name for name in after if after[name] != before[name]} == set(everything[:done])
    assert [run["examined"] for run in phono.events("fixity")] == ([done] if done else [])
    if done < 5:
        phono("verify", "--oldest", str(5 - done)).expect(0)
        at_last = instants(phono)
        assert all(at_last[name] > before[name] for name in everything)
        assert {name for name in at_last if at_last[name] != after[name]} == set(everything[done:])


def test_what_was_found_before_the_stop_is_recorded(phono, held, monkeypatch):
    """A run that is stopped after it met damage has the damage in its line."""
    first = oldest(phono, 1)[0]
    damage(phono.object(first), flip(0))
    with monkeypatch.context() as patch:
        patch.setattr(verify, "check", stop_after(2))
        phono("verify", "--jobs", "1").expect(130)
    (run,) = phono.events("fixity")
    assert [finding["kind"] for finding in run["findings"]] == ["changed"]
    assert phono.show(first)["condition"] == "changed"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--oldest", "0"], "oldest"),
        (["--all", "abcdef"], "not both"),
        (["--oldest", "2", "abcdef"], "not both"),
        (["abcdef"], "no object has this name"),
        (["xyz"], "not a SHA-256"),
    ],
)
def test_what_cannot_be_meant_is_refused(phono, held, arguments, words):
    """A wrong number, a contradiction and a name that names nothing end with 2, saying why."""
    assert words in phono("verify", *arguments).expect(2).err
    assert not phono.events("fixity")


def test_an_empty_archive_is_whole(tmp_path):
    """Nothing held is nothing wrong, and leaves no line."""
    phono = found(tmp_path / "empty")
    assert json.loads(phono("verify", "--json").expect(0).out)["examined"] == 0
    assert not phono.events("fixity")
