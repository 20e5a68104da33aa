"""How many copies of each volume there are, by whom and where, and how that is known.

Laws: a copy counts only when a mirror proved it whole, and only for a time after the archive signed
what it was proven by; copies of one operator are one copy, and all operators who are not named are
one; this archive's own copy counts while none of its objects is known to be damaged; the order of
reports changes nothing.

Not here: where reports come from (`mirrors`), the scale (`levels`), what is wrong (`alarms`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from phonotheque.archive.keeping.levels import Evidence, Level, level_of
from phonotheque.archive.keeping.mirrors import Reported, Seen, Verdict
from phonotheque.mirror.values import Medium

LATE = 1.5
"""A reading of everything takes its time: it is late after half as long again."""


@dataclass(frozen=True, slots=True)
class Rules:
    """By what copies are counted.

    Attributes:
        target: How many copies each volume should have.
        fresh_days: For how many days a proof counts.
        fresh_days_offline: The same for disks in a drawer and tapes.
        check_days: Each copy should be read again after so many days.
        operator: Who keeps this archive.
        country: Where it stands; "" when that is not said.
        medium: What its own copy lies on.
    """

    target: int
    fresh_days: int
    fresh_days_offline: int
    check_days: int
    operator: str
    country: str
    medium: Medium


@dataclass(frozen=True, slots=True)
class Own:
    """This archive's own copy of a volume.

    Attributes:
        volume: Its name.
        size_bytes: Of its recordings.
        sealed_at: When it was sealed, UTC.
        is_whole: Whether nothing of it is known to be damaged or missing.
        is_checked: Whether all of it was read within its time.
    """

    volume: str
    size_bytes: int
    sealed_at: str
    is_whole: bool
    is_checked: bool


@dataclass(frozen=True, slots=True)
class MirrorStanding:
    """How a mirror stands.

    Attributes:
        mirror: Its id.
        operator: Who keeps it.
        country: Where it stands.
        medium: What its copies lie on.
        proven_at: By when it had what it proved, UTC.
        is_fresh: Whether that still counts.
        whole: Torrents that it proved whole.
        partial: Torrents of which it has a part.
        refuted: Torrents about which it was wrong.
        oldest_check: When what it read least recently was read, as it says, UTC; "" for never.
        is_checked: Whether it read all it has within its time.
        excluded: How many things it does not hold by its own decision.
    """

    mirror: str
    operator: str
    country: str
    medium: Medium
    proven_at: str
    is_fresh: bool
    whole: int
    partial: int
    refuted: int
    oldest_check: str
    is_checked: bool
    excluded: int


@dataclass(frozen=True, slots=True)
class VolumeCopies:
    """How many copies of a volume count.

    Attributes:
        volume: Its name.
        size_bytes: Of its recordings.
        sealed_at: When it was sealed, UTC.
        copies: By how many different operators, this archive with them.
        countries: In which countries, in order.
        media: On which media, in order.
        faded: How many mirrors proved it too long ago to count.
        partial: How many mirrors have a part of it.
        refuted: How many mirrors were wrong about it.
        level: What it reaches, and what is missing for the next.
    """

    volume: str
    size_bytes: int
    sealed_at: str
    copies: int
    countries: tuple[str, ...]
    media: tuple[str, ...]
    faded: int
    partial: int
    refuted: int
    level: Level


@dataclass(frozen=True, slots=True)
class Copies:
    """All copies of an archive. `volumes` has those with the fewest copies first."""

    target: int
    mirrors: tuple[MirrorStanding, ...]
    volumes: tuple[VolumeCopies, ...]

    @property
    def below_target(self) -> int:
        """How many volumes have fewer copies than they should."""
        return sum(one.copies < self.target for one in self.volumes)


def count(own: Iterable[Own], reports: Iterable[Reported], rules: Rules, at: datetime) -> Copies:
    """Count the copies of every volume.

    Args:
        own: The volumes that are offered.
        reports: The last report of each mirror.
        rules: By what they count.
        at: This instant, by the archive's clock.
    """
    mirrors = []
    seen: dict[str, list[tuple[MirrorStanding, Seen]]] = {}
    for reported in sorted(reports, key=lambda one: one.mirror):
        standing = _standing(reported, rules, at)
        mirrors.append(standing)
        for one in reported.torrents:
            seen.setdefault(one.torrent, []).append((standing, one))
    volumes = [_volume(one, seen.get(one.volume, ()), rules, at) for one in own]
    volumes.sort(key=lambda one: (one.copies, one.level.reached, one.volume))
    return Copies(rules.target, tuple(mirrors), tuple(volumes))


def _standing(reported: Reported, rules: Rules, at: datetime) -> MirrorStanding:
    is_online = reported.medium is Medium.ONLINE
    days = rules.fresh_days if is_online else rules.fresh_days_offline
    verdicts = [one.verdict for one in reported.torrents]
    whole = [one for one in reported.torrents if one.verdict is Verdict.WHOLE]
    return MirrorStanding(
        reported.mirror,
        reported.operator,
        reported.country,
        reported.medium,
        reported.proven_at,
        _is_within(reported.proven_at, days, at),
        len(whole),
        verdicts.count(Verdict.PARTIAL),
        verdicts.count(Verdict.REFUTED),
        min((one.verified_at for one in reported.torrents), default=""),
        all(_is_checked(one, reported.medium, rules, at) for one in whole),
        reported.excluded,
    )


def _is_checked(seen: Seen, medium: Medium, rules: Rules, at: datetime) -> bool:
    """Whether a mirror read a copy within its time, as it says; a time to come says nothing."""
    is_online = medium is Medium.ONLINE
    days = rules.check_days * LATE if is_online else rules.fresh_days_offline
    return _is_within(seen.verified_at, days, at)


def _is_within(instant: str, days: float, at: datetime) -> bool:
    if not instant:
        return False
    age = at - datetime.fromisoformat(instant)
    return timedelta(days=-1) <= age <= timedelta(days=days)


def _volume(
    own: Own, seen: Sequence[tuple[MirrorStanding, Seen]], rules: Rules, at: datetime
) -> VolumeCopies:
    whole = [(mirror, one) for mirror, one in seen if one.verdict is Verdict.WHOLE]
    counted = [(mirror, one) for mirror, one in whole if mirror.is_fresh]
    holders = {(_plain(one.operator), one.country, one.medium) for one, _ in counted}
    if own.is_whole:
        holders.add((_plain(rules.operator), rules.country, rules.medium))
    verdicts = [one.verdict for _, one in seen]
    countries = tuple(sorted({country for _, country, _ in holders if country}))
    media = tuple(sorted({medium.value for _, _, medium in holders}))
    operators = len({operator for operator, _, _ in holders})
    checks = [_is_checked(one, mirror.medium, rules, at) for mirror, one in counted]
    refuted = verdicts.count(Verdict.REFUTED)
    evidence = Evidence(
        operators,
        len(countries),
        len(media),
        bool(counted),
        own.is_checked and all(checks),
        own.is_whole and not refuted,
    )
    return VolumeCopies(
        own.volume,
        own.size_bytes,
        own.sealed_at,
        operators,
        countries,
        media,
        len(whole) - len(counted),
        verdicts.count(Verdict.PARTIAL),
        refuted,
        level_of(evidence),
    )


def _plain(operator: str) -> str:
    """A name as it is compared: "Weir  Sound" and "weir sound" are one."""
    return " ".join(operator.casefold().split())
