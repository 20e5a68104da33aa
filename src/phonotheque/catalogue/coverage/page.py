"""The page of a map: a picture, a table with the same numbers, and scripts that zoom.

Laws: whatever stands in a catalogue, no text becomes markup; without scripts the picture and the
table are there. A folder with other people's files is refused. A map that is drawn anew stays as it
was until all of the new one is there; the page is written last.
"""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from phonotheque.catalogue.bulk import Progress, fresh_folder, remove_tree, translated
from phonotheque.catalogue.charts.page import Origin, asset_files, environment
from phonotheque.catalogue.charts.places import UNFINISHED, check_folder, make_folder
from phonotheque.catalogue.charts.words import counted, percent
from phonotheque.catalogue.charts.writing import write_whole_file
from phonotheque.catalogue.coverage.mapping import BLOCK, FOLDERS, Drawn, draw_map, pixel_counts
from phonotheque.catalogue.coverage.tiles import TILE, zoom_of
from phonotheque.catalogue.coverage.words import By, Pixel
from phonotheque.catalogue.database import Machine

FORMAT = 1
"""Version of `map.json` and of the files that it leads to."""

PAGE = "index.html"
MAP = "map.json"
_RANGES = 5_000
"""Groups that are named when one points at them from afar: 200 kB."""
_IN_TABLE = 200
_SCRIPTS = ("map.js", "curve.js")


def write_map(
    out: Path,
    snapshot: Path,
    by: By,
    about: tuple[Origin, str],
    work: tuple[Path, Machine],
    on_progress: Progress,
) -> dict[str, Any]:
    """Write a map into a folder, which is made when it is absent.

    Args:
        out: The folder: a new one, an empty one, or one with a map, which is replaced.
        by: What it is ordered by: year, label or registrant.
        about: Of what it is made, and the address that gids are put behind to open a record.
        work: Folder in which sorting may spill, and what it may use.

    Returns:
        The finding and what is what, as a record.

    Raises:
        BadRequestError: No folder can be there.
        ConflictError: The folder has files that are not ours.
        MalformedError: A table cannot be read.
        UnavailableError: The disk refused.
    """
    check_folder(out, MAP, "ranges")
    make_folder(out)
    origin, record = about
    names = {one.id: one.name for one in origin.sources}
    unfinished = fresh_folder(out / UNFINISHED)
    drawn = draw_map(unfinished, snapshot, by, names, work, on_progress)
    # First what says whose the folder is: a stop between here and the page leaves a map that the
    # next run may replace.
    write_whole_file(out / MAP, msgspec.json.encode(_description(drawn, by, record)))
    _write_assets(out)
    _take_place(unfinished, out)
    write_whole_file(out / PAGE, _page(drawn, by, origin))
    counts = {one.name.lower(): count for one, count in pixel_counts(drawn.groups).items()}
    return {"finding": finding_of(drawn), "releases": drawn.count, "by": by, **counts}


def _take_place(unfinished: Path, out: Path) -> None:
    """Let folders that are drawn take the place of those of the map before."""
    before = fresh_folder(unfinished / "before")
    for name in FOLDERS:
        with translated(str(out / name)):
            if (out / name).exists():
                os.replace(out / name, before / name)
            os.replace(unfinished / name, out / name)
    remove_tree(unfinished)


def _write_assets(out: Path) -> None:
    make_folder(out / "assets/fonts")
    for path, data in asset_files().items():
        write_whole_file(out / path, data)
    scripts = resources.files(__package__) / "assets"
    for name in _SCRIPTS:
        write_whole_file(out / "assets" / name, (scripts / name).read_bytes())


def finding_of(drawn: Drawn) -> str:
    """Say what a map shows, in a sentence without its full stop."""
    counts = pixel_counts(drawn.groups)
    held = counts[Pixel.HELD] + counts[Pixel.HELD_FREE]
    return (
        f"Of {counted(drawn.count, 'known release')}, {percent(held, drawn.count)} are held and "
        f"{percent(counts[Pixel.RARE], drawn.count)} are rare"
    )


def _description(drawn: Drawn, by: By, record: str) -> dict[str, Any]:
    groups = drawn.groups.largest(_RANGES)
    return {
        "format": FORMAT,
        "by": by,
        "count": drawn.count,
        "order": drawn.layout.order,
        "squares": drawn.layout.squares,
        "zoom": zoom_of(drawn.layout),
        "tile": TILE,
        "block": BLOCK,
        "record": record,
        "pixels": [one.meaning for one in Pixel],
        "ranges": [[one.first, one.name, one.known] for one in groups],
    }


def _page(drawn: Drawn, by: By, origin: Origin) -> bytes:
    groups = drawn.groups.largest(_IN_TABLE)
    zoom = zoom_of(drawn.layout)
    text = (
        environment()
        .get_template("map.html")
        .render(
            origin=origin,
            by=by.value,
            finding=finding_of(drawn),
            releases=drawn.count,
            width=drawn.layout.width >> zoom,
            height=drawn.layout.side >> zoom,
            counts=list(pixel_counts(drawn.groups).items()),
            groups=groups,
            left=len(drawn.groups.all) - len(groups),
        )
    )
    return text.encode()
