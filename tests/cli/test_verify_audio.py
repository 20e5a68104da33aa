"""`phono verify --audio` and damage told by `phono add`: is the sound whole, not only the bytes."""

import pytest
from tests.cli.melody import write_melody
from tests.cli.phono import LICENSED, damage, flip, found

from phonotheque.music.facts import AudioFacts, Readability


@pytest.fixture
def cut(tmp_path):
    """An Ogg file without its last tenth."""
    path = write_melody(tmp_path / "music" / "cut.ogg", 1, 5)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 9 // 10])
    return path


def examinations(phono):
    text = (phono.root / "register/000001.jsonl").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if '"event":"examination"' in line]


def test_damage_is_told_when_it_comes_in_and_the_bytes_are_kept(phono, cut):
    """A cut file is added as it is, called damaged in JSON and in words, and ends with 1."""
    told = phono.add(cut.parent, *LICENSED, status=1)["cut.ogg"]
    assert (told["outcome"], told["integrity"]) == ("added", "damaged")
    assert phono.object(told["sha256"]).read_bytes() == cut.read_bytes()
    assert phono.show(told["sha256"])["integrity"]["verdict"] == "damaged"
    other = found(cut.parent.parent / "other")
    text = other("add", cut.parent, *LICENSED).expect(1).out
    assert "1 of them damaged: kept as they are" in text
    assert "cut.ogg" in text


def test_verify_audio_counts_verdicts_and_finds_damage(phono, cut):
    """Each recording is decoded again; damage in a sound is told beside findings about bytes."""
    write_melody(cut.parent / "whole.flac", 2, 5)
    told = phono.add(cut.parent, *LICENSED, status=1)
    *damaged, summary = phono("verify", "--audio", "--json", "--jobs", "1").expect(1).lines()
    assert [one["kind"] for one in damaged] == ["damaged-sound"]
    assert told["cut.ogg"]["sha256"] in damaged[0]["path"]
    assert summary["verdicts"] == {"whole": 1, "damaged": 1}
    assert summary["findings"] == 0
    text = phono("verify", "--audio", "--jobs", "1").expect(1).out
    assert "2 recordings decoded: 1 whole, 0 cannot be told, 1 damaged." in text
    assert examinations(phono) == []


def test_what_an_earlier_reader_could_not_tell_is_put_on_record(phono, tmp_path, monkeypatch):
    """Facts that differ from those on record are an examination; the second run adds none."""
    write_melody(tmp_path / "music" / "a.flac", 1, 15)
    unread = AudioFacts(Readability.UNREADABLE, reason="the reader was ill")
    with monkeypatch.context() as patch:
        patch.setattr("phonotheque.archive.keeping.wiring.facts_in_child", lambda file: unread)
        told = phono.add(tmp_path / "music", *LICENSED, status=1)["a.flac"]
    assert phono.show(told["sha256"])["readability"] == "unreadable"
    phono("verify", "--audio", "--jobs", "1").expect(0)
    shown = phono.show(told["sha256"])
    assert (shown["readability"], shown["integrity"]["verdict"]) == ("readable", "whole")
    assert len(examinations(phono)) == 1
    phono("verify", "--audio", "--jobs", "1").expect(0)
    assert len(examinations(phono)) == 1
    shown = phono.show(told["sha256"])
    phono("rebuild", "--jobs", "1").expect(0)
    assert phono.show(told["sha256"]) == shown


def test_an_object_with_wrong_bytes_is_not_judged_by_its_sound(phono, tmp_path):
    """Fixity comes first: what is not the registered bytes is a finding, and nothing else."""
    write_melody(tmp_path / "music" / "a.flac", 1, 5)
    told = phono.add(tmp_path / "music", *LICENSED)["a.flac"]
    damage(phono.object(told["sha256"]), flip(-1))
    finding, summary = phono("verify", "--audio", "--json", "--jobs", "1").expect(1).lines()
    assert finding["kind"] == "changed"
    assert summary["verdicts"] == {}
    assert phono.show(told["sha256"])["integrity"]["verdict"] == "whole"
