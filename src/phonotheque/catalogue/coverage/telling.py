"""A table of coverage in words, and what of it is drawn.

Law: what a picture says in words is said of all that it shows, and all that is counted is shown, or
the picture says what is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from phonotheque.catalogue.charts.releases import FIRST_YEAR
from phonotheque.catalogue.charts.words import counted, licence_name, percent
from phonotheque.catalogue.coverage.words import COUNTS, By

_DRAWN = 25

_RARE = "Rare is what has exactly one known holder, here or elsewhere."


@dataclass(frozen=True, slots=True)
class Shown:
    """What is drawn of a table.

    Attributes:
        title: What it shows, in a sentence without its full stop.
        how: How it is drawn, and what is not.
        rows: A row for each bar: `group` in words, or a year, and the columns of `words.COUNTS`.
    """

    title: str
    how: str
    rows: tuple[dict[str, Any], ...]


def totals_of(rows: pa.Table) -> dict[str, int]:
    """Add up all rows. By source that is more than there is: several may know one recording."""
    return {name: pc.sum(rows[name]).as_py() or 0 for name in COUNTS}


def finding_of(rows: pa.Table, by: By | None, which: str = "") -> str:
    """Say what a table shows, in a sentence without its full stop.

    Args:
        which: What the recordings of all rows have in common: " with a year".
    """
    if by is By.SOURCE and rows.num_rows:
        first = rows.slice(0, 1).to_pylist()[0]
        share = percent(first["held"], first["known"])
        return f"{first['group']} knows most: {first['known']:,} recordings, {share} of them held"
    total = totals_of(rows)
    known = total["known"]
    if not known:
        return "No recording is known"
    held, free, rare = (percent(total[name], known) for name in ("held", "free", "rare"))
    listens = ""
    if total["listens"]:
        heard = percent(total["listens_held"], total["listens"])
        listens = f"; what is held has {heard} of all listens"
    shares = f"{held} are held, {free} are free and {rare} are rare"
    return f"Of {counted(known, 'known recording')}{which}, {shares}{listens}"


def group_word(group: Any) -> str:
    """A group as people read it."""
    return "unknown" if group is None else str(group)


def shown_of(rows: pa.Table, by: By) -> Shown | None:
    """Return what is drawn of a table; None where no group is known."""
    return _years(rows) if by is By.YEAR else _groups(rows, by)


def lacking(by: By) -> str:
    """Say why a table is not drawn."""
    return f"no source says anything by which recordings have a {by}"


def _years(rows: pa.Table) -> Shown | None:
    """Years stand on a line of numbers: what has no place on it is told in words."""
    found = [one for one in rows.to_pylist() if one["group"] is not None]
    drawn = [one | {"group": int(one["group"])} for one in found]
    drawn = [one for one in drawn if one["group"] >= FIRST_YEAR]
    if not drawn:
        return None
    years = [str(one["group"]) for one in drawn]
    kept = rows.filter(pc.is_in(rows["group"], pa.array(years, pa.string())))
    left = totals_of(rows)["known"] - totals_of(kept)["known"]
    how = f"Above in ink what is held, in outline what is known; free and rare below. {_RARE}"
    if left:
        how += f" Not drawn: {counted(left, 'recording')} without a year from {FIRST_YEAR} on."
    return Shown(finding_of(kept, By.YEAR, " with a year"), how, tuple(drawn))


def _groups(rows: pa.Table, by: By) -> Shown | None:
    """The largest groups; all others as one, and what is in none as another."""
    is_known = pc.is_valid(rows["group"])
    known, unknown = rows.filter(is_known), rows.filter(pc.invert(is_known))
    if not known.num_rows:
        return None
    word = licence_name if by is By.LICENCE else str
    count = known.num_rows if known.num_rows <= _DRAWN + 1 else _DRAWN
    drawn = [one | {"group": word(one["group"])} for one in known[:count].to_pylist()]
    if known.num_rows > count:
        name = f"{known.num_rows - count:,} others"
        drawn.append({"group": name} | totals_of(known[count:]))
    if unknown.num_rows:
        drawn.append({"group": group_word(None)} | totals_of(unknown))
    how = "Held, free, missing and rare are shares of what is known in their row."
    return Shown(finding_of(rows, by), f"{how} {_RARE}", tuple(drawn))
