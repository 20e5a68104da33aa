"""`phono edit`: corrections to what is said, without touching what was given."""

import hashlib

import pytest

FLAC = "release 0/001.flac"


def test_a_correction_is_shown_and_the_file_stays(stocked):
    """What is corrected is said from then on, the newest last; the object stays exact."""
    phono, names = stocked
    name = names[FLAC]
    was = phono.show(name)["tags"]["title"]
    told = phono("edit", name, "title=Right", "genres=A", "genres=B", "--json").expect(0).one()
    assert told["changes"]["title"] == {"was": was, "is": "Right"}
    phono("edit", name, "title=Righter", "genres=").expect(0)
    tags = phono.show(name)["tags"]
    assert (tags["title"], tags.get("genres")) == ("Righter", None)
    assert hashlib.sha256(phono.object(name).read_bytes()).hexdigest() == name
    assert [one["value"] for one in phono.events("edit")] == ["Right", '["A","B"]', "Righter", ""]


def test_nothing_is_written_when_nothing_changes(stocked):
    """A dry run writes nothing, and neither does a correction to what is said already."""
    phono, names = stocked
    assert "Right" in phono("edit", names[FLAC], "title=Right", "--dry-run").expect(0).out
    said = phono.show(names[FLAC])["tags"]["title"]
    phono("edit", names[FLAC], f"title={said}").expect(0)
    assert not list(phono.events("edit"))


@pytest.mark.parametrize(
    "correction", ["title", "colour=blue", "pictures=x", "track_number=seven", "=x"]
)
def test_what_corrects_nothing_is_refused(stocked, correction):
    """An unknown field, and a value that a field cannot hold, are refused before anything."""
    phono, names = stocked
    assert correction in phono("edit", names[FLAC], "title=A", correction).expect(2).err
    assert not list(phono.events("edit"))
    for two in (["title=B"], ["--undo", "title"], ["--confirm", "title"]):
        assert "title" in phono("edit", names[FLAC], "title=A", *two).expect(2).err
    assert "--confirm" in phono("edit", names[FLAC], "--confirm", "title").expect(2).err
    undone = phono("edit", names[FLAC], "--undo", "title").expect(2).err
    assert "No field of it has a correction that stands." in undone
