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
from markupsafe import Markup

from phonotheque.guard.incident import Incident
from phonotheque.guard.papers.charting import Chart, chart_html
from phonotheque.guard.papers.curves import Rising, draw
from phonotheque.guard.papers.rendering import chart_style, environment, moment
from phonotheque.look import house_style
from phonotheque.music.formulas import harmless

_COLUMNS = ("gid", "title", "holder", "accounts", "first", "last", "size_bytes", "is_whole")
_MOST_ROWS, _MOST_NAMED = 200, 5


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
            unseen=unseen_words(incident),
            listens=listens_words(incident),
            chart=_chart(incident),
            most=_MOST_ROWS,
            share=share_words,
            style=house_style() + chart_style() + style.read_text("utf-8") + own.read_text("utf-8"),
        )
    )
    return text.encode("utf-8", "replace")


def finding_of(incident: Incident) -> str:
    """What left, in a sentence."""
    if not incident.recordings:
        if not incident.log_begins:
            return "No access log is kept here: whether anything went out is not known."
        return (
            "No recording is known to have gone out."
            if incident.unseen
            else "No recording went out."
        )
    accounts = len(incident.accounts)
    through = f"{accounts:,} account" if accounts == 1 else f"{accounts:,} accounts"
    count = incident.recordings
    noun = "recording" if count == 1 else "recordings"
    words = f"{count:,} {noun} left through {through}"
    if incident.share_of_catalogue is None:
        return f"{words}."
    of_all = share_words(incident.share_of_catalogue)
    return f"{words}: {of_all} of what may only be heard here."


def unseen_words(incident: Incident) -> str:
    """Of which accounts there is no line, in a sentence; "" when there is none."""
    count = len(incident.unseen)
    if not count:
        return ""
    named = ", ".join(incident.unseen[:_MOST_NAMED])
    more = f" and {count - _MOST_NAMED:,} more" if count > _MOST_NAMED else ""
    kept = f"It is kept since {incident.log_begins}." if incident.log_begins else "None is kept."
    which = "this account" if count == 1 else f"these {count:,} accounts"
    return f"No line of the access log is of {which} in this time: {named}{more}. {kept}"


def listens_words(incident: Incident) -> str:
    """How much is heard of what left, in a sentence."""
    if incident.share_of_listens is None:
        return "How much of it is heard here is not known: no listens were counted yet."
    return f"What left has {share_words(incident.share_of_listens)} of all listens here."


def share_words(share: float | None) -> str:
    """A share in per cent; "not known" where it is not."""
    return "not known" if share is None else f"{share * 100:.3g}\u00a0%"


def _chart(incident: Incident) -> Markup | None:
    """All that left, over time."""
    if len(incident.items) < 2:
        return None
    firsts = sorted(item.first for item in incident.items)
    last = max(item.last for item in incident.items)
    seconds = [_second(first) for first in firsts]
    drawn = draw([Rising("recordings", "own", seconds)], seconds[0], _second(last))
    told = finding_of(incident)
    return chart_html(Chart(drawn, "own", told, moment(firsts[0]), moment(last)))


def _second(instant: str) -> int:
    return int(datetime.fromisoformat(instant).timestamp())


def _cell(value: object) -> object:
    """What a spreadsheet shows as it is written."""
    return ("yes" if value else "no") if isinstance(value, bool) else harmless(value)
