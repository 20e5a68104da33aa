"""What is told of a match: states in words, a record, a row of a table, a track of a playlist.

Laws: a line has one record, whatever became of it; no cell of a table can be taken for a formula.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from phonotheque.catalogue.match.judging import Step
from phonotheque.catalogue.match.matching import Match
from phonotheque.music.formulas import harmless

STATES = ("known", "held", "free", "wanted", "withdrawn", "refused")
"""What a line may be. Known: the catalogue has the recording. Held: this archive has it. Free:
everybody may stream and copy it unchanged. Wanted: not known, or known and not held."""


def states_of(match: Match) -> tuple[str, ...]:
    """Return what a line is, in the order of `STATES`."""
    if match.entry.wrong:
        return ("refused",)
    if match.withdrawn:
        return ("known", "withdrawn")
    if match.card is None:
        return ("wanted",)
    card = match.card
    is_so = (True, card.is_held, card.is_free, not card.is_held)
    return tuple(state for state, so in zip(STATES, is_so, strict=False) if so)


def record_of(match: Match) -> dict[str, Any]:
    """Return a match as a record, without what stands on the card."""
    entry = match.entry
    artist, title = entry.readings[0] if entry.readings else ("", "")
    return {
        "line": entry.number,
        "artist": artist,
        "asked": title,
        "states": list(states_of(match)),
        "step": str(match.step) if match.step else None,
        "confidence": match.confidence if match.card else None,
        "reason": match.reason,
        "near": str(match.near.gid) if match.near else None,
        "plays": entry.plays.times if entry.plays else None,
    }


COLUMNS = (
    *("line", "artist", "asked", "states", "step", "confidence", "reason", "near"),
    *("gid", "title", "credit", "release", "length_ms", "licence", "isrc"),
)
"""Columns of the table."""


def csv_rows(matches: Iterable[Match], *, with_head: bool) -> bytes:
    """Return rows of CSV in UTF-8 (RFC 4180).

    A cell that a spreadsheet would take for a formula has an apostrophe before it, as OWASP
    advises.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    if with_head:
        writer.writerow(COLUMNS)
    for match in matches:
        card, record = match.card, record_of(match)
        record["states"] = " ".join(record["states"])
        cells = [record[name] for name in COLUMNS[:8]]
        if card:
            cells += [str(card.gid), card.title, card.credit, card.release_title]
            cells += [card.length, card.licence, card.isrc]
        cells += [None] * (len(COLUMNS) - len(cells))
        writer.writerow([harmless(cell) for cell in cells])
    return out.getvalue().encode(errors="replace")


JSPF_BEGIN, JSPF_END = b'{"playlist": {"track": [\n', b"\n]}}\n"
"""What stands before and behind the tracks of a JSPF."""


def jspf_tracks(matches: Iterable[Match], *, is_first: bool) -> bytes:
    """Return tracks of a JSPF: what is held or free, in the order of the list.

    Source: xspf.org/jspf.
    """
    tracks = []
    for match in matches:
        card = match.card
        if card is not None and (card.is_held or card.is_free):
            said = {
                "title": card.title,
                "creator": card.credit,
                "album": card.release_title,
                "duration": card.length,
                "identifier": [f"urn:uuid:{card.gid}"],
            }
            tracks.append(json.dumps({name: one for name, one in said.items() if one}))
    text = ",\n".join(tracks)
    return ("" if is_first or not text else ",\n").encode() + text.encode()


@dataclass(slots=True)
class Summary:
    """Sums over a list.

    Attributes:
        lines: All, those refused among them.
        states, steps: How many lines are so, and were found so.
        plays: Of a history: how many were of lines that are so; those of all lines under "all".
    """

    lines: int = 0
    states: Counter[str] = field(default_factory=Counter)
    steps: Counter[Step] = field(default_factory=Counter)
    plays: Counter[str] = field(default_factory=Counter)

    def take(self, matches: Iterable[Match]) -> None:
        """Count some matches."""
        for match in matches:
            self.lines += 1
            states = states_of(match)
            self.states.update(states)
            if match.entry.plays:
                self.plays.update(dict.fromkeys(("all", *states), match.entry.plays.times))
            if match.step is not None:
                self.steps[match.step] += 1

    @property
    def rate(self) -> float | None:
        """Share of the lines that could be read for which the recording is known."""
        read = self.lines - self.states["refused"]
        return self.states["known"] / read if read else None

    def record(self) -> dict[str, Any]:
        """Return the sums as a record; all states and steps are named."""
        rate = self.rate
        return {
            "lines": self.lines,
            "rate": None if rate is None else round(rate, 4),
            **{state: self.states[state] for state in STATES},
            "steps": {str(step): self.steps[step] for step in Step},
            "plays": {name: self.plays[name] for name in ("all", *STATES)} if self.plays else None,
        }
