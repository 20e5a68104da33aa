"""`phono publish fold`, and what `phono publish run` does about volumes that may not stay."""

import json

import pytest
from tests.cli.phono import LICENSED, copy_archive, found, members, names, tree
from tests.cli.small_music import make_file
from tests.cli.test_publish import make

STEM = "small-records-open-all"
RETIRED_BY_FOLD = "It was folded into a bigger volume."


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Made once: an archive of three volumes of one recording each, and the recordings' names."""
    folder = tmp_path_factory.mktemp("small")
    phono, told = found(folder / "archive"), []
    for number in range(3):
        told += names(phono.add(make_file(folder / f"{number}.wav", number), *LICENSED))
        phono.publish()
    return phono.root, told


@pytest.fixture
def three(template, tmp_path):
    """A copy of the archive of three volumes, and the recordings' names."""
    return copy_archive(template[0], tmp_path / "three"), template[1]


def published_torrents(phono):
    return sorted(
        path.name for path in (phono.root / "published").glob("*.torrent") if "-open-" in path.name
    )


def fold(phono, *arguments):
    done = phono("publish", "fold", "--json", *arguments).expect(0)
    return [told for told in done.lines() if "retired" in told]


def test_small_volumes_become_one(three):
    """One volume with all recordings in their order; the small ones are retired and go away."""
    phono, folded = three
    (told,) = fold(phono)
    assert told["succeeded_by"] == f"{STEM}-00004"
    assert told["retired"] == [f"{STEM}-0000{n}" for n in (1, 2, 3)]
    assert members(phono, f"{STEM}-00004") == folded
    assert [one["reason"] for one in phono.events("retirement") if STEM in one["name"]] == [
        RETIRED_BY_FOLD
    ] * 3
    assert published_torrents(phono) == [f"{STEM}-00004.torrent"]
    assert [p.name for p in (phono.root / "volumes").iterdir()] == [f"{STEM}-00004"]
    assert phono.publish() == []
    assert fold(phono) == []


def test_a_fold_is_rehearsed_without_a_change(three):
    """--dry-run names what would become one volume, and no byte of the archive changes."""
    phono, _ = three
    before = tree(phono.root)
    (told,) = fold(phono, "--dry-run")
    assert (len(told["retired"]), told["objects"]) == (3, 3)
    assert tree(phono.root) == before


def test_a_fold_reads_no_recording(three):
    """Folding works with every recording's file out of reach: torrents come of stored layers."""
    phono, folded = three
    for name in folded:
        phono.object(name).unlink()
    (told,) = fold(phono)
    assert told["left_out"] == []
    assert members(phono, told["succeeded_by"]) == folded


def test_an_index_made_again_knows_what_was_folded(three):
    """After a fold, state/ can be lost: every recording is in its one volume as before."""
    phono, folded = three
    fold(phono)
    before = [phono.show(name)["volume"] for name in folded]
    for path in (phono.root / "state").glob("index.sqlite*"):
        path.unlink()
    phono("rebuild", "--jobs", "1").expect(0)
    assert [phono.show(name)["volume"] for name in folded] == before
    phono("verify").expect(0)


def test_a_withdrawn_recording_leaves_its_volume_with_the_next_run(phono, tmp_path):
    """What may not be shared any more is in no live volume after a run; the rest is, unread."""
    told = names(phono.add(*make(tmp_path / "m", 3), *LICENSED))
    phono.publish()
    phono("rights", "set", told[1], "--licence", "InC").expect(0)
    done = phono("publish", "run", "--json", "--jobs", "1").expect(0)
    (corrected,) = [one for one in done.lines() if "retired" in one]
    assert corrected == {
        "succeeded_by": f"{STEM}-00002",
        "retired": [f"{STEM}-00001"],
        "left_out": [told[1]],
    }
    assert members(phono, f"{STEM}-00002") == [told[0], told[2]]
    (volume,) = [one for one in phono.events("volume") if one.get("supersedes")]
    assert (volume["name"], volume["supersedes"]) == (f"{STEM}-00002", f"{STEM}-00001")
    assert published_torrents(phono) == [f"{STEM}-00002.torrent"]


def test_what_changed_its_terms_moves_to_a_volume_of_its_class(phono, tmp_path):
    """One run takes a recording out of the open volume and seals it into one for NC."""
    told = names(phono.add(*make(tmp_path / "m", 2), *LICENSED))
    phono.publish()
    phono("rights", "set", told[0], "--licence", "CC-BY-NC-4.0").expect(0)
    (sealed,) = phono.publish()
    assert (sealed["volume"], members(phono, sealed["volume"])) == (
        "small-records-nc-all-00001",
        [told[0]],
    )
    assert members(phono, f"{STEM}-00002") == [told[1]]


def test_a_volume_of_which_nothing_may_stay_is_withdrawn(phono, tmp_path):
    """No empty volume is made; people are told so."""
    (told,) = names(phono.add(*make(tmp_path / "m", 1), *LICENSED))
    phono.publish()
    phono("rights", "set", told, "--licence", "InC").expect(0)
    out = phono("publish", "run").expect(0).out
    assert f"{STEM}-00001 was withdrawn" in out
    assert published_torrents(phono) == []


@pytest.mark.parametrize(
    ("rule", "shared_on"),
    [
        ("from = 2999-01-01", None),
        ("until = 2999-01-01", None),
        ("until = 2001-01-01", None),
        ("from = 2001-01-01", "now"),
    ],
)
def test_embargoes_and_ends(phono, tmp_path, rule, shared_on):
    """Before an embargo ends nothing is sealed, after it all; a licence with an end never is."""
    make(tmp_path / "m", 1)
    rules = f'[[rule]]\nmatch = "**"\nlicence = "CC-BY-4.0"\nevidence = "a letter"\n{rule}\n'
    (tmp_path / "m" / "rights.toml").write_text(rules, encoding="utf-8")
    phono.add(tmp_path / "m")
    assert bool(phono.publish()) is bool(shared_on)


def test_what_an_order_forces_in_is_refused(phono, tmp_path, monkeypatch):
    """An order that names a recording without evidence changes nothing: the resolver decides."""
    from phonotheque.archive.bulk import publishing
    from phonotheque.music.digest import Sha256

    (told,) = names(phono.add(*make(tmp_path / "m", 1)))
    forced = [(Sha256.parse(told), "t50", 9), (Sha256(bytes(32)), "t50", 8)]
    monkeypatch.setattr(publishing, "order", lambda archive: iter(forced))
    monkeypatch.setattr(publishing, "left", lambda archive: {})
    out = phono("publish", "run").expect(0).out
    assert "1  Nothing is known about its rights" in out
    assert "1  It is not held." in out
    assert phono.events("volume") == []


def test_tiers_and_listens_are_in_names_and_register(phono, tmp_path, monkeypatch):
    """The one tier of a volume is in its name; the register has its most and least listens."""
    from phonotheque.archive.bulk import publishing
    from phonotheque.music.digest import Sha256

    told = [Sha256.parse(name) for name in names(phono.add(*make(tmp_path / "m", 4), *LICENSED))]
    placed = list(
        zip(reversed(told), ("t50", "t50", "rest", "rest"), (90, 7, 3, None), strict=True)
    )
    monkeypatch.setattr(publishing, "order", lambda archive: iter(placed))
    monkeypatch.setattr(publishing, "left", lambda archive: {})
    sealed = phono.publish()
    assert [one["volume"] for one in sealed] == [
        "small-records-open-t50-00001",
        "small-records-open-rest-00001",
    ]
    assert members(phono, sealed[0]["volume"]) == [name.hex for name, *_ in placed[:2]]
    listens = [(v["most_listens"], v["least_listens"]) for v in phono.events("volume")]
    assert listens == [(90, 7), (3, 3)]


def test_a_clock_that_went_back_changes_no_order(phono, tmp_path, monkeypatch):
    """Lines of a volume never carry an instant before the line that stands before them."""
    from phonotheque.archive import opening

    phono.add(*make(tmp_path / "m", 1), *LICENSED)
    monkeypatch.setattr(opening, "now", lambda: "2001-01-01T00:00:00.000000Z")
    phono.publish()
    instants = [event["at"] for event in phono.events()]
    assert instants == sorted(instants)
    assert json.dumps(phono.events("volume")[0]["at"]) >= '"2026'


def test_a_dry_run_tells_what_a_run_replaces(phono, tmp_path):
    """A dry run names the same replaced and withdrawn volumes, what leaves each, and the same
    volumes that are sealed then, as the run that follows; for people, too."""
    phono.set("volumes.max_objects", "2")
    told = names(phono.add(*make(tmp_path / "m", 5), *LICENSED))
    phono.publish()
    said = ("--evidence", "a letter")
    phono("rights", "set", told[0], "--licence", "CC-BY-NC-ND-4.0", *said).expect(0)
    phono("rights", "set", told[2], "--licence", "InC", *said).expect(0)
    phono("rights", "set", told[4], "--licence", "CC-BY-NC-ND-4.0", *said).expect(0)
    shown = phono("publish", "run", "--dry-run").expect(0).out
    meant = phono("publish", "run", "--dry-run", "--json").expect(0).lines()
    before = phono.events("volume")
    done = phono("publish", "run", "--json", "--jobs", "1").expect(0).lines()
    replaced = [one for one in done if "retired" in one]
    sealed = [one["volume"] for one in done if "sealed" in one]
    assert [one for one in meant if "retired" in one] == replaced
    assert [one["volume"] for one in meant if "volume" in one] == sealed
    assert [one["succeeded_by"] is None for one in replaced] == [False, False, True]
    assert before == phono.events("volume")[: len(before)]
    for one in replaced:
        assert one["retired"][0] in shown
        assert all(name in shown for name in one["left_out"] if one["succeeded_by"])
    assert sealed[0] in shown
