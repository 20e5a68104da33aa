"""Charts written into a folder: data, query and pictures of each, and the page that shows all.

Laws: every file is written whole or not at all; the page comes last, so that what it leads to is
there; a chart that is not drawn leaves no file, and one that stood there before goes; a folder with
other people's files is refused, and what a stopped run leaves is known as ours by its index.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from phonotheque.catalogue.bulk import Progress, translated
from phonotheque.catalogue.charts.counting import published_query
from phonotheque.catalogue.charts.drawing import chart_of
from phonotheque.catalogue.charts.page import Origin, asset_files, charts_page
from phonotheque.catalogue.charts.places import check_folder, make_folder
from phonotheque.catalogue.charts.top_lists import BOUND
from phonotheque.catalogue.charts.values import Answer, Row
from phonotheque.look.drawing import WIDTH, altair_for, svg_and_png_of, svg_of
from phonotheque.music.formulas import harmless

FORMAT = 1
"""Version of `index.json` and of the JSON beside each chart."""

INDEX = "index.json"
PAGE = "index.html"
_WIDE_PX, _NARROW_PX = 860, 380
_ENDINGS = (".csv", ".json", ".sql", ".svg", ".png")


def write_charts(
    out: Path, snapshot: Path, origin: Origin, answers: Sequence[Answer], on_progress: Progress
) -> None:
    """Write all files of charts.

    Args:
        out: The folder, made when it is absent; charts of these names are replaced.
        snapshot: Folder of the snapshot that answered.

    Raises:
        BadRequestError: No folder can be there.
        ConflictError: The folder has files that are not ours.
        UnavailableError: The disk refused, or the extra `charts` is not installed.
    """
    altair = altair_for("svg")
    check_charts_folder(out)
    make_folder(out)
    if not (out / INDEX).exists():
        write_whole_file(out / INDEX, _json(index_of(origin, ())))
    for folder in (out / "page", out / "assets/fonts"):
        make_folder(folder)
    for path, data in asset_files().items():
        write_whole_file(out / path, data)
    for done, answer in enumerate(answers, 1):
        if answer.finding is None:
            _remove(out, answer.chart.name)
        else:
            for path, data in _files_of(altair, answer, snapshot, origin):
                write_whole_file(out / path, data)
        on_progress(done / len(answers))
    write_whole_file(out / INDEX, _json(index_of(origin, answers)))
    write_whole_file(out / PAGE, charts_page(origin, answers))


def check_charts_folder(out: Path) -> None:
    """Refuse a folder that charts may not be written into.

    Raises:
        BadRequestError: No folder can be there.
        ConflictError: It has files that are not ours.
        UnavailableError: The disk refused.
    """
    check_folder(out, INDEX, "charts")


def write_whole_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    unfinished = path.with_name(f".{path.name}.new")
    with translated(str(path)):
        unfinished.write_bytes(data)
        unfinished.replace(path)


def _remove(out: Path, name: str) -> None:
    pages = [f"page/{name}-{width}.svg" for width in ("wide", "narrow")]
    for path in (*(f"{name}{ending}" for ending in _ENDINGS), *pages):
        with translated(str(out / path)):
            (out / path).unlink(missing_ok=True)


def _files_of(
    altair: Any, answer: Answer, snapshot: Path, origin: Origin
) -> Iterator[tuple[str, bytes]]:
    name = answer.chart.name
    yield f"{name}.csv", csv_of(list(answer.chart.columns), answer.rows)
    yield f"{name}.json", _json(record_of(answer, origin))
    words = [
        f"{_title(answer)}. {answer.chart.how}",
        f"From {origin.snapshot} of {origin.title}, built {origin.made_at}.",
        f"In the folder of the snapshot: duckdb < {name}.sql",
    ]
    yield f"{name}.sql", published_query(answer.chart, snapshot, words).encode()
    svg, png = svg_and_png_of(chart_of(altair, answer, WIDTH, has_title=True))
    yield f"{name}.svg", svg.encode()
    yield f"{name}.png", png
    for word, width in (("wide", _WIDE_PX), ("narrow", _NARROW_PX)):
        chart = chart_of(altair, answer, width, has_title=False)
        yield f"page/{name}-{word}.svg", svg_of(chart).encode()


def _title(answer: Answer) -> str:
    return answer.finding.title if answer.finding else ""


def csv_of(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """Return rows as CSV (RFC 4180); what is unknown is empty, what a spreadsheet would run is not.

    A text that begins as a formula has an apostrophe in front, which the JSON beside it has not.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_plain(row[name]) for name in columns] for row in rows)
    return text.getvalue().encode()


def _plain(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else harmless(value)


def record_of(answer: Answer, origin: Origin) -> dict[str, Any]:
    """Return a chart with its rows as a record."""
    return {
        "format": FORMAT,
        **_listed(answer),
        "columns": dict(answer.chart.columns),
        "as_of": origin.made_at,
        "snapshot": origin.snapshot,
        "sources": [_source(one) for one in origin.sources],
        "rows": [dict(row) for row in answer.rows],
    }


def index_of(origin: Origin, answers: Sequence[Answer]) -> dict[str, Any]:
    """Return what was drawn and what was not, and why, as a record."""
    return {
        "format": FORMAT,
        "snapshot": origin.snapshot,
        "as_of": origin.made_at,
        "sources": [_source(one) for one in origin.sources],
        "suppressed": BOUND,
        "charts": [_listed(one) for one in answers],
    }


def _listed(answer: Answer) -> dict[str, Any]:
    """A chart as an index lists it; `not_drawn` is the reason, and null when it is drawn."""
    return {
        "name": answer.chart.name,
        "section": answer.chart.section,
        "finding": _title(answer) or None,
        "how": answer.chart.how,
        "not_drawn": None if answer.finding else answer.chart.lacking,
    }


def _source(one: Any) -> dict[str, str]:
    return {
        "name": one.name,
        "title": one.title,
        "licence": one.licence,
        "attribution": one.attribution,
        "as_of": one.as_of,
    }


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"
