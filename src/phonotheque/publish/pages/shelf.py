"""The shelf: torrents as spines, as high as they have seeders, so that one sees which need help.

Laws: every torrent that is offered belongs to exactly one spine; when there are more torrents than
spines, a spine is as high as the one of its torrents that has the fewest seeders, so nothing at
risk hides behind others; level is told by hatching and height, never by colour alone.

Lengths are units of the drawing, 1,200 by 250.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from phonotheque.publish.health.report import Level, level_of
from phonotheque.publish.index.lines import TorrentLine
from phonotheque.publish.pages.site import GONE, Site

WIDTH, BASE = 1200, 204
_SPINES_WIDTH = 1105
"""The rest is for the names of the two lines across."""

_PER_SEEDER = 11
MOST_SEEDERS = 18
"""A spine grows no higher than this many seeders."""

_MOST_SPINES = 240
_GAP_SPINES = 3
_LEAST_HEIGHT = 4
"""No seeder at all is still to be seen."""

_UNCOUNTED_HEIGHT = 14
_WIDEST = 40.0


@dataclass(frozen=True, slots=True)
class Spine:
    """One bar: `x` of its left edge, `width`, `height`, and the level it is drawn in."""

    number: int
    x: float
    width: float
    height: float
    level: Level


@dataclass(frozen=True, slots=True)
class Label:
    """What stands under the first spine of a group."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """The drawing.

    Attributes:
        spines: From left to right.
        labels: Names of groups.
        per_spine: How many torrents one spine stands for at most.
        spine_of: Number of the spine of each torrent, by name.
    """

    spines: tuple[Spine, ...]
    labels: tuple[Label, ...]
    per_spine: int
    spine_of: dict[str, int]


def shelf_of(site: Site) -> Shelf:
    """Put the torrents that are offered on a shelf, group by group."""
    groups = [group for group in site.groups if group.kind != GONE]
    per_spine = max(1, -(-len(site.offered) // _MOST_SPINES))
    bundles = [_bundles(site, group.lines, per_spine) for group in groups]
    slots = sum(map(len, bundles)) + _GAP_SPINES * max(0, len(groups) - 1)
    step = min(_WIDEST, _SPINES_WIDTH / max(1, slots))
    spines: list[Spine] = []
    labels = []
    spine_of: dict[str, int] = {}
    slot = 0
    for group, bundle in zip(groups, bundles, strict=True):
        labels.append(Label(round(slot * step, 1), _short(group.kind, group.tier)))
        for lines in bundle:
            number = len(spines)
            spine_of |= {line.id: number for line in lines}
            spines.append(_spine(site, lines, number, slot * step, step))
            slot += 1
        slot += _GAP_SPINES
    return Shelf(tuple(spines), _spaced(labels), per_spine, spine_of)


def _bundles(
    site: Site, lines: Sequence[TorrentLine], per_spine: int
) -> list[Sequence[TorrentLine]]:
    """Torrents that share a spine: neighbours in time, or in health when there are too many."""
    if per_spine > 1:
        lines = sorted(lines, key=lambda line: (-(site.seeders(line) or 0), line.id))
    return [lines[at : at + per_spine] for at in range(0, len(lines), per_spine)]


def _spine(site: Site, lines: Sequence[TorrentLine], number: int, x: float, step: float) -> Spine:
    counted = [seeders for line in lines if (seeders := site.seeders(line)) is not None]
    width = max(0.8, round(step * 0.8, 2))
    if not counted:
        return Spine(number, round(x, 2), width, _UNCOUNTED_HEIGHT, Level.UNKNOWN)
    fewest = min(counted)
    height = max(_LEAST_HEIGHT, min(fewest, MOST_SEEDERS) * _PER_SEEDER)
    return Spine(number, round(x, 2), width, height, level_of(fewest))


def _short(kind: str, tier: str) -> str:
    tiers = {"all": "", "50": " 50 %", "90": " 90 %", "99": " 99 %", "996": " 99.6 %"}
    return kind + tiers.get(tier, f" {tier}")


_LETTER = 10.5
"""Width of a letter, with some room to spare."""


def _spaced(labels: Sequence[Label]) -> tuple[Label, ...]:
    """Labels that do not run into each other; the drawing's description names all groups."""
    kept: list[Label] = []
    free_from = -1.0
    for label in labels:
        width = _LETTER * len(label.text)
        if label.x >= free_from and label.x + width <= WIDTH:
            kept.append(label)
            free_from = label.x + width + _LETTER
    return tuple(kept)
