"""Which corrections stand after any sequence of them."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from tests.register.test_projection import NAMES, at, index_of

from phonotheque.music.digest import Sha256
from phonotheque.music.facts import Tags
from phonotheque.register.catalogue_corrections import (
    corrections_of_gids,
    corrections_since,
    standing_corrections,
    still_standing,
)
from phonotheque.register.corrections import edited
from phonotheque.register.events import Correction, Edit, Founding
from phonotheque.register.provenance import corrections_of

GIDS = [UUID(int=number) for number in range(3)]

lines = st.builds(
    Correction,
    st.just("recording"),
    st.sampled_from(GIDS).map(str),
    st.sampled_from(["title", "length"]),
    st.sampled_from(["", "1", "2"]),
    is_undone=st.booleans(),
)
edits = st.builds(
    Edit,
    st.sampled_from(NAMES[:2]),
    st.sampled_from(["title", "album", "track_number", "no field"]),
    st.sampled_from(["", "1", "x"]),
    is_undone=st.booleans(),
)


@given(st.lists(lines, max_size=15))
def test_the_newest_line_of_a_field_counts(given_lines):
    """What stands is what replaying the lines one after the other leaves."""
    model = {}
    for line in given_lines:
        model.pop((line.gid, line.field), None)
        if not line.is_undone:
            model[line.gid, line.field] = line.value
    index = index_of([Founding(1, "x"), *given_lines])
    standing = standing_corrections(index)
    assert {(str(one.gid), one.made.field): one.made.value for one in standing} == model
    assert [one.made.seq for one in standing] == sorted(one.made.seq for one in standing)
    seqs = range(2, len(given_lines) + 2)
    for moment in (1, *seqs):
        later = corrections_since(index, at(moment))
        assert [one.made.seq for one in later] == [seq for seq in seqs if seq > moment]
    for gid in GIDS:
        history = corrections_of_gids(index, [gid])
        assert [one.made.value for one in history] == [
            line.value for line in given_lines if line.gid == str(gid)
        ]
        of_it = {field: one.made.value for field, one in still_standing(history).items()}
        assert of_it == {field: value for (of, field), value in model.items() if of == str(gid)}


@given(st.lists(edits, max_size=12))
def test_tags_are_what_replaying_leaves(given_edits):
    """A correction that was undone leaves what the file says; of the others the newest counts."""
    index = index_of([Founding(1, "x"), *given_edits])
    said = Tags(title="From the file", track_number=7)
    for name in NAMES[:2]:
        index.remember_tags(Sha256.parse(name), said)
        model = {"title": said.title, "album": said.album, "track_number": said.track_number}
        empty = {"title": Tags().title, "album": Tags().album, "track_number": None}
        of_file = dict(model)
        for line in given_edits:
            if line.sha256 != name or line.field not in model:
                continue
            if line.is_undone:
                model[line.field] = of_file[line.field]
            elif not line.value:
                model[line.field] = empty[line.field]
            elif line.field != "track_number":
                model[line.field] = line.value
            elif line.value == "1":
                model[line.field] = 1
        tags = edited(index, Sha256.parse(name))
        assert {field: getattr(tags, field) for field in model} == model


def test_reason_author_and_time_are_kept():
    """What was said of a correction is read back, and nobody's local id is given again."""
    edit = Edit(NAMES[0], "title", "x", "p7", "from the booklet")
    line = Correction("artist", str(GIDS[1]), "name", "y", "heard it", "p9", "holdings")
    index = index_of([Founding(1, "x"), edit, line])
    (corrected,) = corrections_of(index, Sha256.parse(NAMES[0]))
    assert (corrected.at, corrected.reason, corrected.decided_by) == (at(2), edit.reason, "p7")
    (standing,) = standing_corrections(index)
    assert (standing.entity_type, standing.gid, standing.source) == ("artist", GIDS[1], "holdings")
    assert (standing.made.reason, standing.made.decided_by) == ("heard it", "p9")
    assert index.highest_person() == 9
