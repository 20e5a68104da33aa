"""What trials came to, as tables of words: who reads them decides how they are printed.

Every table is rows of cells of one width, the head first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from phonotheque.guard.bench.metrics import CATALOGUES, Cost, Loss, Share
from phonotheque.guard.bench.run import Record
from phonotheque.guard.bench.scenarios import PEOPLE, SCENARIOS

Rows = list[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with what it says.

    Attributes:
        title: What it shows, a sentence.
        rows: The head, then the rest.
    """

    title: str
    rows: Rows


def percent(share: float) -> str:
    """A share in percent, to a tenth."""
    return f"{100 * share:.1f} %"


def between(share: Share) -> str:
    """A share in percent with its 95 % interval."""
    low, high = share.interval
    return f"{percent(share.value)} ({100 * low:.1f} to {100 * high:.1f})"


def tables(records: Sequence[Record], own: str) -> Iterator[Table]:
    """Yield every table of some records that has a row beside its head.

    Args:
        records: Of one scale; worlds of other people, on whom limits were set, are left out.
        own: Name of the detector that is told of at length.
    """
    places = {scenario.name: place for place, scenario in enumerate(SCENARIOS)}
    tried = [record for record in records if not record.key.setting.is_other]
    tried.sort(key=lambda record: places[record.key.setting.scenario])
    for shape in dict.fromkeys(record.key.setting.shape for record in tried):
        mine = [record for record in tried if record.key.setting.shape == shape]
        yield from (table for table in _of_shape(mine, shape, own) if len(table.rows) > 1)


def _of_shape(mine: Sequence[Record], shape: str, own: str) -> Iterator[Table]:
    """Yield the tables of one shape of catalogues."""
    plain = [record for record in mine if not record.key.is_shifted]
    yield Table(f"{shape}: share of the catalogue that left before the stop", lost(plain))
    yield Table(f"{shape}: accounts of the farm that were stopped", stopped(plain))
    yield Table(f"{shape}: {own}, farm by farm", at_length(plain, own))
    yield Table(f"{shape}: a thousand such accounts take", of_a_thousand(plain, own))
    yield Table(
        f"{shape}: people suspended (challenged) in 10,000 account-months, without a farm",
        paid(plain),
    )
    yield Table(f"{shape}: people suspended or challenged by {own}", beside(plain, own))
    shifted = [record for record in mine if record.key.is_shifted]
    if shifted:
        title = f"{shape}: {own} with the limits that it found for other people"
        yield Table(title, paid(shifted))


def _losses(records: Sequence[Record]) -> dict[tuple[str, str], Loss]:
    return {(kind, record.key.detector): loss for record in records for kind, loss in record.losses}


def _names(records: Sequence[Record]) -> list[str]:
    return list(dict.fromkeys(record.key.detector for record in records))


def _kinds(records: Sequence[Record]) -> list[str]:
    return list(dict.fromkeys(kind for record in records for kind, _ in record.losses))


def lost(records: Sequence[Record]) -> Rows:
    """Rows by farm, columns by detector: share that left, beside that without a guard."""
    losses, names = _losses(records), _names(records)
    rows: Rows = [("farm", "no guard", *names)]
    for kind in _kinds(records):
        theirs = [losses.get((kind, name)) for name in names]
        unguarded = next(loss.unguarded for loss in theirs if loss)
        cells = ["-" if loss is None else percent(loss.share) for loss in theirs]
        rows.append((kind, percent(unguarded), *cells))
    return rows


def stopped(records: Sequence[Record]) -> Rows:
    """Rows by farm, columns by detector: share of its accounts that were stopped."""
    losses, names = _losses(records), _names(records)
    rows: Rows = [("farm", *names)]
    for kind in _kinds(records):
        theirs = [losses.get((kind, name)) for name in names]
        rows.append((kind, *("-" if loss is None else between(loss.stopped) for loss in theirs)))
    return rows


def at_length(records: Sequence[Record], own: str) -> Rows:
    """Rows by farm: all that is known of one detector's trial."""
    rows: Rows = [
        ("farm", "accounts", "stopped", "by group", "K50", "K90", "lost", "first day",
         "99 % by day", "recall at 1e-4", "at 1e-5"),
    ]  # fmt: skip
    for record in records:
        if record.key.detector == own:
            rows += [_at_length(kind, loss) for kind, loss in record.losses]
    return rows


def _at_length(kind: str, loss: Loss) -> tuple[str, ...]:
    recalls = [
        f"{'at most ' if recall.is_bound else ''}{percent(recall.found.value)}"
        for recall in loss.recalls
    ]
    return (
        kind, str(loss.accounts), between(loss.stopped), str(loss.by_group),
        f"{loss.each_50:,.0f}", f"{loss.each_90:,.0f}", percent(loss.share),
        _day(loss.first_day), _day(loss.last_day), *recalls,
    )  # fmt: skip


def _day(day: float | None) -> str:
    return "never" if day is None else f"{day:.2f}"


def of_a_thousand(records: Sequence[Record], own: str) -> Rows:
    """Rows by farm: tracks that a thousand accounts take, and shares of catalogues that is."""
    rows: Rows = [("farm", "tracks", *(f"of {size:,}" for size in CATALOGUES))]
    for record in records:
        if record.key.detector == own:
            for kind, loss in record.losses:
                shares = (min(1.0, loss.of_a_thousand / size) for size in CATALOGUES)
                cells = (f"{100 * share:.3g} %" for share in shares)
                rows.append((kind, f"{loss.of_a_thousand:,.0f}", *cells))
    return rows


def paid(records: Sequence[Record]) -> Rows:
    """Rows by kind of people, columns by detector: what they paid where there is no farm."""
    alone = [record for record in records if record.key.setting.scenario == PEOPLE]
    rows: Rows = [("people", "accounts", *(record.key.detector for record in alone))]
    for costs in zip(*(record.costs for record in alone), strict=True):
        cells = [
            f"{cost.suspended_of_10_000:,.1f} ({cost.challenged_of_10_000:,.1f})" for cost in costs
        ]
        rows.append((costs[0].kind, str(costs[0].suspended.of), *cells))
    return rows


def beside(records: Sequence[Record], own: str) -> Rows:
    """Rows by kind of people: shares with intervals without a farm, and the worst beside one."""
    mine = [record for record in records if record.key.detector == own]
    alone = [record for record in mine if record.key.setting.scenario == PEOPLE]
    farms = [record for record in mine if record.key.setting.scenario != PEOPLE]
    rows: Rows = [
        ("people", "suspended", "challenged", "worst beside a farm: suspended", "challenged", "by")
    ]
    for record in alone:
        for place, cost in enumerate(record.costs):
            cells = [between(cost.suspended), between(cost.challenged)]
            rows.append((cost.kind, *cells, *_worst(farms, place)))
    return rows


def _worst(farms: Sequence[Record], place: int) -> tuple[str, str, str]:
    if not farms:
        return "-", "-", "-"

    def challenged(record: Record) -> float:
        return record.costs[place].challenged.value

    worst = max(farms, key=challenged)
    suspended: Cost = max((record.costs[place] for record in farms), key=_suspended)
    cost = worst.costs[place]
    by = worst.key.setting.scenario if cost.challenged.hits else ""
    return between(suspended.suspended), between(cost.challenged), by


def _suspended(cost: Cost) -> float:
    return cost.suspended.value
