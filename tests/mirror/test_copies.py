"""How copies are counted, what level that is, and what raises an alarm: all of it values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.archive.keeping.alarms import AlarmKind, alarms
from phonotheque.archive.keeping.copies import Copies, Own, Rules, VolumeCopies, count
from phonotheque.archive.keeping.levels import Evidence, level_of
from phonotheque.archive.keeping.mirrors import Reported, Seen, Verdict
from phonotheque.mirror.values import Medium

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
RULES = Rules(4, 90, 400, 90, "The Archive", "DE", Medium.ONLINE)


def ago(days: float) -> str:
    return (AT - timedelta(days=days)).isoformat()


OWN = Own("v", 1000, ago(60), is_whole=True, is_checked=True)


def reported(operator: str, country: str = "", days: float = 1, **more: object) -> Reported:
    medium = more.pop("medium", Medium.ONLINE)
    verdict = more.pop("verdict", Verdict.WHOLE)
    checked = more.pop("checked", 10)
    assert not more
    verified_at = ago(float(checked)) if checked is not None else ""
    seen = (Seen("v", verdict, 1000, verified_at),)
    return Reported(
        ago(0), "", operator, "", ago(days), ago(days), 1, operator, country, medium, torrents=seen
    )


def counted(
    *reports: Reported, own: Own = OWN, rules: Rules = RULES
) -> tuple[Copies, VolumeCopies]:
    copies = count([own], reports, rules, AT)
    return copies, copies.volumes[0]


def test_one_operator_is_one_copy():
    """Ten mirrors of one person are one copy, however the name is written; so are the nameless."""
    same = [reported(name) for name in ("Weir Sound", "weir  sound", " WEIR SOUND ")]
    assert counted(*same)[1].copies == 2
    assert counted(*(reported("") for _ in range(5)))[1].copies == 2
    assert counted(reported("The Archive"))[1].copies == 1


def test_countries_and_media_are_told_once_each():
    """Copies in one country are in one country; what is not said counts for none."""
    one = counted(reported("A", "DE"), reported("B", "FR", medium=Medium.TAPE), reported("C", ""))[
        1
    ]
    assert (one.copies, one.countries, one.media) == (4, ("DE", "FR"), ("online", "tape"))


@pytest.mark.parametrize("verdict", [one for one in Verdict if one is not Verdict.WHOLE])
def test_only_a_whole_copy_counts(verdict):
    """A part, a refuted and an unproven copy are told, and count for nothing."""
    assert counted(reported("A", verdict=verdict))[1].copies == 1


@pytest.mark.parametrize(
    ("medium", "days", "is_fresh"),
    [
        (Medium.ONLINE, 89, True),
        (Medium.ONLINE, 91, False),
        (Medium.OFFLINE_DISK, 399, True),
        (Medium.OFFLINE_DISK, 401, False),
        (Medium.TAPE, 399, True),
        (Medium.ONLINE, -2, False),
    ],
)
def test_a_proof_fades(medium, days, is_fresh):
    """A copy counts for a time after the archive signed what it was proven by, and never after."""
    copies, volume = counted(reported("A", days=days, medium=medium))
    assert (volume.copies, volume.faded) == ((2, 0) if is_fresh else (1, 1))
    assert copies.mirrors[0].is_fresh is is_fresh


def test_a_damaged_own_copy_does_not_count():
    """What is damaged here is no copy: a mirror's may be the only one."""
    own = Own("v", 1000, ago(60), is_whole=False, is_checked=True)
    assert counted(own=own)[1].copies == 0
    assert counted(reported("A"), own=own)[1].copies == 1


_REPORTS = [reported("A"), reported("B", "FR", 50), reported("C", "FR", 95), reported("D", "NL")]


@given(st.permutations(_REPORTS))
def test_the_order_of_reports_changes_nothing(reports):
    """Copies are a function of the set of reports."""
    assert counted(*reports)[1] == counted(*_REPORTS)[1]


def test_those_with_the_fewest_copies_come_first():
    """The list begins with what is most at risk."""
    owns = [Own(name, 1, ago(60), is_whole=True, is_checked=True) for name in ("u", "v", "w")]
    copies = count(owns, [reported("A")], RULES, AT)
    assert [(one.volume, one.copies) for one in copies.volumes] == [("u", 1), ("w", 1), ("v", 2)]
    assert copies.below_target == 3


# -- levels --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("evidence", "storage", "integrity", "missing"),
    [
        ((1, 1, 1, False, True, True), 0, 1, "a copy kept by somebody else"),
        ((2, 1, 1, True, True, True), 1, 3, "copies kept by three different people"),
        ((3, 1, 1, True, True, True), 1, 4, "a copy in another country"),
        ((3, 2, 1, True, True, True), 2, 4, "a copy on another kind of medium"),
        ((3, 2, 2, True, True, True), 3, 4, "copies in three countries"),
        ((3, 3, 2, True, False, True), 4, 2, "regular checks of every copy"),
        ((3, 3, 2, True, True, False), 4, 3, "what is known to be damaged mended"),
        ((3, 3, 2, False, True, True), 4, 1, "a whole copy that a mirror proved"),
    ],
)
def test_each_level_names_what_is_missing_for_the_next(evidence, storage, integrity, missing):
    """Storage and integrity by the table of the docs; the words are those of the next step."""
    level = level_of(Evidence(*evidence))
    assert (level.storage, level.integrity) == (storage, integrity)
    assert level.reached == min(storage, integrity)
    assert missing in level.missing


def test_at_the_top_nothing_is_missing():
    """Level 4, and only that, lacks nothing."""
    top = level_of(Evidence(3, 3, 2, True, True, True))
    assert (top.reached, top.missing) == (4, ())


_evidence = st.builds(
    Evidence, st.integers(0, 5), st.integers(0, 5), st.integers(0, 3), st.booleans(),
    st.booleans(), st.booleans(),
)  # fmt: skip


@given(_evidence, _evidence)
def test_better_evidence_is_never_a_lower_level(one, other):
    """Where nothing is worse, no level is lower; below 4 something is always missing."""
    fields = ("operators", "countries", "media", "is_proven_elsewhere", "are_checks_regular")
    fields = (*fields, "is_undamaged")
    better = Evidence(*(max(getattr(one, name), getattr(other, name)) for name in fields))
    assert level_of(better).storage >= level_of(one).storage
    assert level_of(better).integrity >= level_of(one).integrity
    assert bool(level_of(one).missing) is (level_of(one).reached < 4)


# -- alarms --------------------------------------------------------------------------------------


def kinds(copies: Copies, oldest: str = ago(1)) -> set[AlarmKind]:
    return {one.kind for one in alarms(copies, oldest, 90, AT)}


def test_all_is_well_without_mirrors():
    """An archive that nobody mirrors yet is not blamed for it, nor is one with nothing in it."""
    assert kinds(counted()[0]) == set()
    assert kinds(Copies(4, (), ()), "") == set()


def test_checks_that_stopped_raise():
    """Half as long again as the setting says, and not before."""
    copies = counted()[0]
    assert kinds(copies, ago(134)) == set()
    assert kinds(copies, ago(136)) == {AlarmKind.CHECKS_STOPPED}


def test_a_silent_mirror_raises():
    """A proof too old to count is an alarm; the volume that only it had is another."""
    assert kinds(counted(reported("A"))[0]) == set()
    expected = {AlarmKind.MIRROR_SILENT, AlarmKind.SINGLE_COPY}
    assert kinds(counted(reported("A", days=91))[0]) == expected


def test_a_mirror_that_does_not_read_its_disk_raises():
    """A mirror that says itself that it has not read what it holds for long, or ever."""
    for checked in (136, None):
        copies, volume = counted(reported("A", checked=checked))
        assert kinds(copies) == {AlarmKind.MIRROR_CHECKS_STOPPED}
        assert volume.level.integrity == 2
    tape = reported("A", checked=136, medium=Medium.TAPE)
    assert kinds(counted(tape)[0]) == set()


def test_a_check_in_the_future_is_none():
    """A mirror whose clock is a year ahead says nothing by its times."""
    assert kinds(counted(reported("A", checked=-365))[0]) == {AlarmKind.MIRROR_CHECKS_STOPPED}


def test_a_lie_raises():
    """Wrong answers are an alarm as long as they are the mirror's last."""
    assert AlarmKind.MIRROR_REFUTED in kinds(counted(reported("A", verdict=Verdict.REFUTED))[0])


def test_a_new_volume_has_a_month():
    """Where there are mirrors, a volume that none has is an alarm after a month."""
    elsewhere = msgspec.structs.replace(reported("A"), torrents=())
    for days, expected in ((29, set()), (31, {AlarmKind.SINGLE_COPY})):
        own = Own("v", 1000, ago(days), is_whole=True, is_checked=True)
        assert kinds(counted(elsewhere, own=own)[0]) == expected
