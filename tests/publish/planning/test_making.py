"""A plan on the disk: the same bytes for the same input, whole or not there."""

import dataclasses
import random

import pytest
from tests.publish.planning.shelves import MACHINE, REASONS, Shelves, copy, plan, songs

from phonotheque.catalogue.database import Machine
from phonotheque.errors import MalformedError
from phonotheque.publish.planning import making, reading, sums
from phonotheque.publish.planning.descriptor import is_of
from phonotheque.publish.planning.making import Material, make_plan, on_one_machine
from phonotheque.publish.planning.words import Order, Status, Tier, Wish

THOUSANDS = 40_000


@pytest.fixture(scope="module")
def many():
    """More rows than are handed on at once, of which some were heard as often as others."""
    rng = random.Random(7)
    listens = sorted((rng.randrange(500) for _ in range(THOUSANDS)), reverse=True)
    held = [
        copy(object_, rng.randrange(1, THOUSANDS), Status.TO_SHARE, quality=rng.randrange(9))
        for object_ in range(1, THOUSANDS // 3)
    ]
    return Shelves(songs(*listens), held)


def make(material, folder, *, jobs=1, rows_at_once=1 << 17, wish=Wish()):  # noqa: B008
    engine = on_one_machine(Machine(jobs, 1 << 28))
    return make_plan(material, wish, folder, engine, lambda _: None, jobs)


def test_the_same_input_gives_the_same_bytes(many, tmp_path, monkeypatch):
    """However many threads work, however rows are handed on, in whatever order tables stand."""
    first = make(many.material(tmp_path / "one"), tmp_path / "first")
    rng = random.Random(8)
    shuffled = Shelves(*(rng.sample(rows, len(rows)) for rows in (many.known, many.held)))
    monkeypatch.setattr(making, "_ROWS_AT_ONCE", 3_000)
    monkeypatch.setattr(making, "ROWS_IN_PART", 25_000)
    small_parts = make(many.material(tmp_path / "one"), tmp_path / "small")
    second = make(shuffled.material(tmp_path / "two"), tmp_path / "second", jobs=2)
    assert small_parts.digest == second.digest
    assert first.rows == second.rows >= THOUSANDS
    monkeypatch.setattr(making, "ROWS_IN_PART", 1_000_000)
    assert make(shuffled.material(tmp_path / "two"), tmp_path / "third") == first


def test_another_input_gives_another_digest(tmp_path):
    """One listen more is another plan."""
    one = make(Shelves(songs(3, 2)).material(tmp_path / "a"), tmp_path / "one")
    other = make(Shelves(songs(4, 2)).material(tmp_path / "b"), tmp_path / "other")
    assert one.digest != other.digest


def test_a_plan_takes_the_place_of_the_one_before(tmp_path):
    """What stood in the folder is gone when the new plan is whole, and nothing else is left."""
    make(Shelves(songs(3, 2)).material(tmp_path / "a"), tmp_path / "plan")
    (tmp_path / "plan/stray").write_text("from a run before")
    made = make(Shelves(songs(3)).material(tmp_path / "a"), tmp_path / "plan")
    assert made.rows == 1
    names = {path.name for path in (tmp_path / "plan").iterdir()}
    assert names == {"part-00001.parquet", "plan.json"}
    assert {path.name for path in tmp_path.iterdir()} == {"a", "plan"}


def test_a_plan_that_fails_leaves_the_one_before(tmp_path):
    """A damaged table is refused with its name, and the plan that was there stays."""
    before = make(Shelves(songs(3, 2)).material(tmp_path / "a"), tmp_path / "plan")
    material = Shelves(songs(3)).material(tmp_path / "a")
    material.held[0].write_bytes(b"no table at all")
    with pytest.raises(MalformedError):
        make(material, tmp_path / "plan")
    assert reading.read_descriptor(tmp_path / "plan") == before


def test_a_plan_knows_whether_it_is_still_the_one(tmp_path):
    """It is, for the same wish and the same facts; for no other."""
    material = dataclasses.replace(Shelves(songs(3)).material(tmp_path / "a"), facts={"day": "1"})
    made = make(material, tmp_path / "plan")
    assert is_of(made, Wish(), {"day": "1"})
    assert not is_of(made, Wish(), {"day": "2"})
    for wish in (Wish(Order.NEWEST), Wish(tiers=frozenset({Tier.T50})), Wish(space_bytes=1)):
        assert not is_of(made, wish, {"day": "1"})


def test_a_damaged_description_is_refused(tmp_path):
    """What describes a plan is JSON of a known form, or the plan is not believed."""
    make(Shelves(songs(3)).material(tmp_path / "a"), tmp_path / "plan")
    described = tmp_path / "plan/plan.json"
    for damaged in (b'{"rows":"three"}', described.read_bytes().replace(b"pop", b"p\xffp", 1)):
        described.write_bytes(damaged)
        with pytest.raises(MalformedError):
            reading.read_descriptor(tmp_path / "plan")


def test_nothing_gives_an_empty_plan(tmp_path):
    """Without anything known or held there are no rows, no parts and no error."""
    made = make(Material((), (), REASONS, {}), tmp_path / "plan")
    assert made.rows == 0
    figures = reading.figures_of(tmp_path / "plan", MACHINE)
    assert figures.coverage.planned.share is None
    assert figures.curve[0].size_bytes == 0


def test_the_sums_are_those_of_the_rows(many, tmp_path):
    """Tallies, releases and curve say what the rows of the plan say."""
    rows = plan(many, tmp_path)
    figures = reading.figures_of(tmp_path / "plan", MACHINE)
    coverage = figures.coverage
    first = [row for row in rows if row["is_first"]]
    assert coverage.tally().recordings == len(first)
    assert coverage.tally().listens == sum(row["listens"] for row in first)
    planned = [row for row in rows if row["status"] == "to-share"]
    assert coverage.tally(statuses=[Status.TO_SHARE]).size_bytes == 100 * len(planned)
    assert figures.curve[-1].size_bytes == 100 * len(planned)
    heard = sum(row["listens"] for row in planned)
    assert figures.curve[-1].share == heard / coverage.tally().listens
    assert coverage.planned.share == figures.curve[-1].share
    assert coverage.releases.whole == len(planned)  # each is a release of its own


def one_digit_more(kept):
    return kept.replace(b'"recordings":', b'"recordings":1', 1)


def of_another_plan(kept):
    at = kept.index(b'"plan":"') + len(b'"plan":"')
    return kept[:at] + b"0" * 64 + kept[at + 64 :]


def of_an_older_version(kept):
    return kept.replace(b'"format":1', b'"format":0', 1)


@pytest.mark.parametrize(
    "change",
    [one_digit_more, of_another_plan, of_an_older_version, lambda _: b"{}", lambda _: b"\xff"],
)
def test_sums_that_are_not_of_this_plan_are_made_again(tmp_path, change):
    """The sums that are kept are believed undamaged, of this very plan and version alone."""
    make(Shelves(songs(3, 2)).material(tmp_path / "a"), tmp_path / "plan")
    figures = reading.figures_of(tmp_path / "plan", MACHINE)
    (file,) = (tmp_path / "plan").glob("sums.json")
    kept = file.read_bytes()
    file.write_bytes(change(kept))
    assert file.read_bytes() != kept
    assert reading.figures_of(tmp_path / "plan", MACHINE) == figures
    assert file.read_bytes() == kept


def test_sums_that_are_kept_are_not_made_again(tmp_path, monkeypatch):
    """Who asks again loads no engine."""
    make(Shelves(songs(3, 2)).material(tmp_path / "a"), tmp_path / "plan")
    figures = reading.figures_of(tmp_path / "plan", MACHINE)
    monkeypatch.setattr(sums, "_made", None)
    assert reading.figures_of(tmp_path / "plan", MACHINE) == figures


def test_what_is_to_be_shared_is_given_in_order(many, tmp_path):
    """Whose turn it is: objects of the rows that say so, with tier and listens; the others are
    counted with their reasons."""
    rows = plan(many, tmp_path)
    waiting = [row for row in rows if row["status"] == "to-share"]
    expected = [(row["object"], row["tier"], row["listens"], "original") for row in waiting]
    assert list(reading.to_share(tmp_path / "plan")) == expected
    lesser = [row for row in rows if row["status"] == "better-copy-held"]
    assert reading.left(tmp_path / "plan") == {Status.BETTER_COPY_HELD.meaning: len(lesser)}
