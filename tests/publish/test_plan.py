"""Which recordings go into which volume: a pure decision."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from phonotheque.music.digest import Sha256
from phonotheque.music.permissions import LicenceClass
from phonotheque.music.rights import Code, Verdict
from phonotheque.publish.plan import Candidate, Limits, number_of, plan_volumes, volume_name
from phonotheque.register.events import Role
from phonotheque.register.holdings import Held

NO = Verdict(Code.NOT_EVALUATED, "Nothing is known.")


def yes(licence_class):
    return Verdict(Code.LICENSED, "It is licensed.", licence_class=licence_class)


def candidate(number, size_bytes, verdict):
    sha256 = Sha256(number.to_bytes(32, "big"))
    facts = (Role.RECORDING, None, "", None)
    held = Held(sha256, size_bytes, bytes(32), "flac", *facts, number, "", "intact", None)
    return Candidate(held, verdict)


verdicts = st.one_of(st.just(NO), st.sampled_from(LicenceClass).map(yes))
candidates = st.lists(st.tuples(st.integers(1, 60), verdicts), max_size=40).map(
    lambda drawn: [candidate(n, size, verdict) for n, (size, verdict) in enumerate(drawn)]
)
limits = st.builds(Limits, st.integers(1, 6), st.integers(1, 100))
numbers = st.dictionaries(st.sampled_from([c.value for c in LicenceClass]), st.integers(0, 9))


@given(candidates, numbers, limits)
def test_everything_lawful_is_in_exactly_one_volume(given_candidates, last, most):
    """What may be shared is planned once, in its order, in a volume of its class; no other is."""
    volumes = plan_volumes(given_candidates, "x", last, most)
    for licence_class in LicenceClass:
        of_class = [v for v in volumes if v.licence_class is licence_class]
        planned = [c for v in of_class for c in given_candidates if v.holds(c)]
        wanted = [c for c in given_candidates if c.verdict.licence_class is licence_class]
        assert planned == wanted
        for volume in volumes:
            held = [c.held.size_bytes for c in given_candidates if volume.holds(c)]
            assert (volume.objects, volume.size_bytes) == (len(held), sum(held))


@given(candidates, numbers, limits)
def test_no_volume_is_beyond_its_limits(given_candidates, last, most):
    """A volume has at least one recording and at most as many as allowed; bytes, too, but for one
    recording that is larger alone."""
    for volume in plan_volumes(given_candidates, "x", last, most):
        assert 1 <= volume.objects <= most.objects
        assert volume.size_bytes <= most.size_bytes or volume.objects == 1


@given(candidates, numbers, limits)
def test_volumes_are_as_few_as_their_order_allows(given_candidates, last, most):
    """No volume ends before the first recording of the next one would be too much for it."""
    volumes = plan_volumes(given_candidates, "x", last, most)
    for one, following in pairwise(volumes):
        if one.licence_class is following.licence_class:
            more = next(c for c in given_candidates if following.holds(c)).held.size_bytes
            is_full = one.objects == most.objects
            assert is_full or one.size_bytes + more > most.size_bytes


@given(candidates, numbers, limits)
def test_numbers_go_on(given_candidates, last, most):
    """Within a class numbers follow the last one sealed, without a gap and without a repeat."""
    volumes = plan_volumes(given_candidates, "x", last, most)
    for licence_class in LicenceClass:
        found = [number_of(v.name) for v in volumes if v.licence_class is licence_class]
        first = last.get(licence_class.value, 0) + 1
        assert found == list(range(first, first + len(found)))


@given(st.sampled_from(LicenceClass), st.integers(1, 10**6))
def test_a_name_gives_its_number_back(licence_class, number):
    """The number of a volume is read from its name, also of an archive with dashes and digits."""
    assert number_of(volume_name("radio-42", licence_class, number)) == number


def test_names_say_archive_class_and_number():
    """`<archive>-<class>-all-<seq>`, five digits."""
    assert volume_name("x-y", LicenceClass.NC_ND, 7) == "x-y-nc-nd-all-00007"


def test_nothing_gives_nothing():
    """Without candidates there is no volume."""
    assert plan_volumes([], "x", {}, Limits()) == ()
