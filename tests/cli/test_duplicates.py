"""`phono duplicates`: what is alike is linked as it comes in, grouped, and never merged."""

import shutil

import pytest
from mutagen.flac import FLAC
from tests.cli.melody import write_melody
from tests.cli.phono import LICENSED, copy_archive, found


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """An archive with one recording in four guises, a stranger, and what was told of each file."""
    folder = tmp_path_factory.mktemp("alike")
    music = folder / "music"
    first = write_melody(music / "first.flac", 1)
    shutil.copy(first, music / "again.flac")
    tagged = shutil.copy(first, music / "retagged.flac")
    tags = FLAC(tagged)
    tags["title"] = "Another title"
    tags.save()
    write_melody(music / "stranger.flac", 2)
    phono = found(folder / "archive")
    told = phono.add(music, *LICENSED)
    write_melody(folder / "later" / "coded.mp3", 1, skip_s=3)
    told |= phono.add(folder / "later", *LICENSED)
    return phono.root, {path: one["sha256"] for path, one in told.items()}


@pytest.fixture
def alike(shelf, tmp_path):
    root, names = shelf
    return copy_archive(root, tmp_path / "archive"), names


def groups(phono):
    return {group["kind"]: group for group in phono("duplicates", "--json").expect(0).lines()}


def links(phono):
    text = (phono.root / "register/000001.jsonl").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if '"event":"link"' in line]


def test_each_kind_of_twin_is_a_group(alike):
    """Same bytes, same payload and same recording are told apart; a stranger is in no group."""
    phono, names = alike
    told = groups(phono)
    assert set(told) == {"bytes", "payload", "recording"}
    (same,) = told["bytes"]["members"]
    assert same["paths"] == ["again.flac", "first.flac"]
    twins = {names["first.flac"], names["retagged.flac"]}
    assert {one["sha256"] for one in told["payload"]["members"]} == twins
    assert {one["sha256"] for one in told["recording"]["members"]} == twins | {names["coded.mp3"]}
    assert not any(names["stranger.flac"] in str(group) for group in told.values())


def test_the_best_copy_is_named_with_its_reason(alike):
    """The lossless one that came in first leads its group, and people read why."""
    phono, names = alike
    group = groups(phono)["recording"]
    assert group["best"] == group["members"][0]["sha256"] == names["again.flac"]
    text = phono("duplicates").expect(0).out
    assert "best: " in text
    assert "3 groups. Links only: every copy is kept." in text


def test_a_link_says_where_the_two_lie_on_each_other(alike):
    """The copy that lacks the first three seconds begins three seconds into the other."""
    phono, names = alike
    from phonotheque.register.index import Index
    from phonotheque.register.kinship import links as known_links

    index = Index(phono.root / "state/index.sqlite", is_reading=True)
    found = [link for link in known_links(index) if link.sha256 == names["coded.mp3"]]
    index.close()
    assert {link.other for link in found} == {names["first.flac"], names["retagged.flac"]}
    for link in found:
        assert link.likeness == "same"
        assert link.bit_errors < 0.09
        assert abs(link.offset_ms + 3000) < 130
        assert link.compared_ms > 35_000


def test_nothing_is_linked_twice(alike, tmp_path):
    """Lost state, a rebuild and another add compare all again and write no link a second time."""
    phono, _ = alike
    before, told = links(phono), groups(phono)
    assert before
    shutil.rmtree(phono.root / "state")
    phono("rebuild", "--jobs", "1").expect(0)
    write_melody(tmp_path / "more" / "other.flac", 3)
    phono.add(tmp_path / "more", *LICENSED)
    assert links(phono) == before
    assert groups(phono) == told


def test_what_a_killed_add_left_is_linked_by_the_next(alike, tmp_path, monkeypatch):
    """Recordings that were recorded but not compared are compared when somebody adds again."""
    phono, names = alike
    write_melody(tmp_path / "more" / "opus.ogg", 2)
    with monkeypatch.context() as patch:
        patch.setattr("phonotheque.archive.recordings.linking.link_new", lambda archive: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            phono.add(tmp_path / "more", *LICENSED)
    before = links(phono)
    write_melody(tmp_path / "last" / "other.flac", 3)
    phono.add(tmp_path / "last", *LICENSED)
    (fresh,) = set(links(phono)) - set(before)
    assert names["stranger.flac"] in fresh


def test_a_damaged_index_of_fingerprints_is_made_again(alike, tmp_path):
    """Segments are a cache: garbage in them costs time, and no link is missed."""
    phono, names = alike
    for path in phono.root.glob("state/fingerprints/*/*"):
        path.write_bytes(b"no segment")
    write_melody(tmp_path / "more" / "coded.ogg", 2)
    told = phono.add(tmp_path / "more", *LICENSED)
    (link,) = [line for line in links(phono) if told["coded.ogg"]["sha256"] in line]
    assert names["stranger.flac"] in link


def test_an_archive_without_twins_says_so(phono):
    """Nothing alike is an answer."""
    assert phono("duplicates").expect(0).out == "No two recordings are alike.\n"
    assert phono("duplicates", "--json").expect(0).out == ""
