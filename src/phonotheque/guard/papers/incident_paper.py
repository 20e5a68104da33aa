"""The incident report as a page of one file, as a table, and as JSON.

Laws: whatever stands in a title or a log, no text becomes markup, and no cell of the table becomes
a formula in somebody's spreadsheet; the page needs nothing beside it.

Source: RFC 4180 (CSV); OWASP, "CSV Injection".
"""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from datetime import datetime
from importlib import resources

import msgspec

from phonotheque.guard.incident import Incident
from phonotheque.guard.papers import curves
from phonotheque.guard.papers.curves import Rising, draw
from phonotheque.guard.papers.rendering import environment
from phonotheque.look import house_style
from phonotheque.music.formulas import harmless

_COLUMNS = ("gid", "title", "holder", "accounts", "first", "last", "size_bytes", "is_whole")
_MOST_ROWS = 200


def incident_json(incident: Incident) -> bytes:
    """The whole report as one JSON value; keys as the fields of `Incident`."""
    return msgspec.json.encode(asdict(incident)) + b"\n"


def incident_csv(incident: Incident) -> bytes:
    """What left, one recording a line."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for item in incident.items:
        writer.writerow([_cell(getattr(item, column)) for column in _COLUMNS])
    return text.getvalue().encode("utf-8", "replace")


def incident_page(incident: Incident, archive: str) -> bytes:
    """The report as HTML.

    Args:
        archive: What the archive calls itself.
    """
    style = resources.files("phonotheque.guard.score") / "templates" / "score.css"
    own = resources.files(__package__) / "templates" / "papers.css"
    text = (
        environment()
        .get_template("incident.html")
        .render(
            incident=incident,
            archive=archive,
            finding=finding_of(incident),
            drawing=_drawing(incident),
            first=min((item.first for item in incident.items), default=""),
            last=max((item.last for item in incident.items), default=""),
            curves=curves,
            most=_MOST_ROWS,
            share=share_words,
            style=house_style() + style.read_text("utf-8") + own.read_text("utf-8"),
        )
    )
    return text.encode("utf-8", "replace")


def finding_of(incident: Incident) -> str:
    """What left, in a sentence."""
    if not incident.recordings:
        return "No recording went out."
    accounts = len(incident.accounts)
    through = f"{accounts:,} account" if accounts == 1 else f"{accounts:,} accounts"
    count = incident.recordings
    noun = "recording" if count == 1 else "recordings"
    words = f"{count:,} {noun} left through {through}"
    if incident.share_of_catalogue is None:
        return f"{words}."
    of_all = share_words(incident.share_of_catalogue)
    return f"{words}: {of_all} of what may only be heard here."


def share_words(share: float | None) -> str:
    """A share in per cent; "not known" where it is not."""
    return "not known" if share is None else f"{share * 100:.3g}\u00a0%"


def _drawing(incident: Incident) -> curves.Curves | None:
    """All that left, and what the account with the most took, over time."""
    if len(incident.items) < 2:
        return None
    firsts = sorted(_second(item.first) for item in incident.items)
    last = max(_second(item.last) for item in incident.items)
    return draw([Rising("recordings", "own", firsts)], firsts[0], last)


def _second(instant: str) -> int:
    return int(datetime.fromisoformat(instant).timestamp())


def _cell(value: object) -> object:
    """What a spreadsheet shows as it is written."""
    return ("yes" if value else "no") if isinstance(value, bool) else harmless(value)
