"""Which recordings go into which volume: a pure decision."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.music.digest import Sha256
from phonotheque.music.permissions import LicenceClass
from phonotheque.music.rights import Code, Verdict
from phonotheque.publish.names import last_numbers, number_of, stem_of, tier_of, volume_name
from phonotheque.publish.plan import Candidate, Limits, fill
from phonotheque.register.events import Role
from phonotheque.register.holdings import Held

NO = Verdict(Code.NOT_EVALUATED, "Nothing is known.")
TIERS = ("t50", "rest", "all")


def yes(licence_class):
    return Verdict(Code.LICENSED, "It is licensed.", licence_class=licence_class)


def candidate(number, size_bytes, verdict, tier):
    sha256 = Sha256(number.to_bytes(32, "big"))
    facts = (Role.RECORDING, None, "", None)
    held = Held(sha256, size_bytes, bytes(32), "flac", *facts, number, "", "intact", None)
    return Candidate(held, verdict, tier, number or None)


verdicts = st.one_of(st.just(NO), st.sampled_from(LicenceClass).map(yes))
candidates = st.lists(
    st.tuples(st.integers(1, 60), verdicts, st.sampled_from(TIERS)), max_size=40
).map(lambda drawn: [candidate(n, *one) for n, one in enumerate(drawn)])
limits = st.builds(Limits, st.integers(1, 6), st.integers(1, 100))
stems = st.builds(
    "x-{}-{}".format, st.sampled_from([c.value for c in LicenceClass]), st.sampled_from(TIERS)
)
numbers = st.dictionaries(stems, st.integers(0, 9))


def names_in(filled):
    return [member.name.sha256 for member in filled.members]


@given(candidates, numbers, limits)
def test_everything_lawful_is_in_exactly_one_volume(given_candidates, last, most):
    """What may be shared is planned once, in its order, in a volume of its class and tier; nothing
    else is, whatever the order says."""
    volumes = list(fill(given_candidates, "x", last, most))
    for licence_class in LicenceClass:
        for tier in TIERS:
            planned = [
                name
                for v in volumes
                if (v.planned.licence_class, v.planned.tier) == (licence_class, tier)
                for name in names_in(v)
            ]
            assert planned == [
                c.held.sha256
                for c in given_candidates
                if c.verdict.licence_class is licence_class and c.tier == tier
            ]


@given(candidates, numbers, limits)
def test_a_plan_says_what_its_volumes_hold(given_candidates, last, most):
    """Numbers and bytes of a planned volume are those of its members."""
    for volume in fill(given_candidates, "x", last, most):
        sizes = [member.size_bytes for member in volume.members]
        assert (volume.planned.objects, volume.planned.size_bytes) == (len(sizes), sum(sizes))


@given(candidates, numbers, limits)
def test_no_volume_is_beyond_its_limits(given_candidates, last, most):
    """A volume has at least one recording and at most as many as allowed; bytes, too, but for one
    recording that is larger alone."""
    for volume in fill(given_candidates, "x", last, most):
        assert 1 <= volume.planned.objects <= most.objects
        assert volume.planned.size_bytes <= most.size_bytes or volume.planned.objects == 1


@given(candidates, numbers, limits)
def test_volumes_are_as_few_as_their_order_allows(given_candidates, last, most):
    """No volume ends before the first recording of the next one would be too much for it."""
    by_stem = {}
    for volume in fill(given_candidates, "x", last, most):
        by_stem.setdefault(stem_of(volume.planned.name), []).append(volume)
    for volumes in by_stem.values():
        for one, following in pairwise(volumes):
            more = following.members[0].size_bytes
            is_full = one.planned.objects == most.objects
            assert is_full or one.planned.size_bytes + more > most.size_bytes


@given(candidates, numbers, limits)
def test_numbers_go_on(given_candidates, last, most):
    """Within class and tier numbers follow the last one sealed, without a gap or a repeat."""
    found = {}
    for volume in fill(given_candidates, "x", last, most):
        found.setdefault(stem_of(volume.planned.name), []).append(number_of(volume.planned.name))
    for stem, numbered in found.items():
        first = last.get(stem, 0) + 1
        assert numbered == list(range(first, first + len(numbered)))


@given(candidates, limits)
def test_full_volumes_do_not_wait_for_the_end(given_candidates, most):
    """What is not yet given away are at most as many volumes as there are classes and tiers."""
    taken = []
    seen = 0
    for volume in fill((taken.append(c) or c for c in given_candidates), "x", {}, most):
        seen += volume.planned.objects
        lawful = [c for c in taken if c.verdict.allowed]
        waiting = len(lawful) - seen
        assert waiting <= len({(c.verdict.licence_class, c.tier) for c in lawful}) * most.objects


@given(stems, st.integers(1, 10**6))
def test_a_name_gives_its_parts_back(stem, number):
    """Stem, tier and number are read from a name, also of an archive with dashes and digits."""
    name = volume_name(f"radio-42-{stem}", number)
    assert (stem_of(name), number_of(name)) == (f"radio-42-{stem}", number)
    assert tier_of(name) in TIERS


@pytest.mark.parametrize(
    ("name", "tier"),
    [
        ("a-b-open-t50-00001", "t50"),
        ("nc-nc-nd-all-00012", "all"),
        ("x-patches-rest-00001", "rest"),
    ],
)
def test_a_name_says_its_tier(name, tier):
    """The tier stands before the number, whatever the archive is called."""
    assert tier_of(name) == tier


def test_names_say_archive_class_tier_and_number():
    """`<archive>-<class>-<tier>-<seq>`, five digits."""
    (volume,) = fill([candidate(1, 1, yes(LicenceClass.NC_ND), "t90")], "x-y", {}, Limits())
    assert volume.planned.name == "x-y-nc-nd-t90-00001"


def test_numbers_go_on_from_the_highest():
    """The last number of a stem is the highest ever given, whatever lies between."""
    names = ["x-open-all-00001", "x-open-all-00007", "x-nc-all-00002"]
    assert last_numbers(names) == {"x-open-all": 7, "x-nc-all": 2}


def test_nothing_gives_nothing():
    """Without candidates there is no volume."""
    assert list(fill([], "x", {}, Limits())) == []
