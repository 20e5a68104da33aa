"""Importing a dump of Discogs: megabytes of XML for each CPU second, and memory, beside iterparse.

The releases are invented, of the fields and sizes of real ones: 3 to 4 kB each, ten tracks, credits
of who played what, matrix numbers, films and companies, most of which no importer reads. Ours makes
rows of the catalogue's tables and writes them durably; the peer is the loop that everybody writes,
`xml.etree.ElementTree.iterparse` over the file with `clear` behind it, which reads the same fields
of each release into a dictionary and lets go of it: no keys, no checks, nothing written.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from bench.imports_material import title_of, write_lines
from bench.measure import best_in_turn, own_cpu_s, own_peak_bytes, python_child, report_of
from bench.rows import Row, Sense

RELEASES, FULL_RELEASES = 30_000, 400_000
LEAST_MB_PER_CPU_S = 20.0
MOST_GROWTH = 1.25
_ROUNDS = 2
_STYLES = ("Deep House", "Ambient", "Dub", "Post-Punk", "Hard Bop", "Field Recording")
_GENRES = ("Electronic", "Rock", "Jazz", "Folk, World, &amp; Country")
_COUNTRIES = ("Sweden", "US", "UK", "Germany", "Europe", "Japan", "UK &amp; Europe")
_ROLES = ("Producer", "Written-By", "Mastered By", "Artwork [Sleeve]", "Drums, Percussion")


def rows(scale: str) -> Iterator[Row]:
    """Measure a dump of releases, and the memory of one four times as large."""
    count = FULL_RELEASES if scale == "full" else RELEASES
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
        base = Path(name)
        size_mb = _made(base / "whole", count)
        found: dict[str, dict[str, float]] = {}
        best = best_in_turn(
            {who: _measure(who, base / "whole", found) for who in ("ours", "iterparse")},
            rounds=_ROUNDS,
        )
        ours, peer = best["ours"], best["iterparse"]
        assert ours is not None
        assert peer is not None
        what = f"import: Discogs releases, {size_mb:,.0f} MB"
        yield Row(what, size_mb / ours, "MB/CPU s", LEAST_MB_PER_CPU_S)
        told = f"iterparse into dictionaries, not kept: {size_mb / peer:.1f}"
        yield Row("  beside iterparse", size_mb / ours, "MB/CPU s", None, told, peer / ours)
        memory = found["ours"]["peak_bytes"]
        yield Row("  memory", memory / 1e6, "MB")
        if scale == "full":  # parts of 64 MB are gathered: less says nothing of growth
            _made(base / "quarter", count // 4)
            small = report_of(python_child("bench.imports_discogs", "ours", base / "quarter"))
            growth = memory / small["peak_bytes"]
            name = "  memory, a quarter of it to all"
            yield Row(name, growth, "x", MOST_GROWTH, sense=Sense.AT_MOST)


def _made(folder: Path, count: int) -> float:
    report_of(python_child("bench.imports_discogs", "write", folder, str(count)))
    return (folder / "discogs_20240101_releases.xml").stat().st_size / 1e6


def _measure(who: str, folder: Path, found: dict[str, dict[str, float]]) -> Callable[[], float]:
    def measure() -> float:
        found[who] = report_of(python_child("bench.imports_discogs", who, folder))
        return found[who]["cpu_s"]

    return measure


# -- the material ----------------------------------------------------------------------------------


def write_releases(folder: Path, count: int) -> None:
    """Write a dump of so many releases."""
    folder.mkdir(parents=True)
    path = folder / "discogs_20240101_releases.xml"
    write_lines(path, count, _release, '<?xml version="1.0" encoding="UTF-8"?>\n<releases>\n')
    with path.open("a", encoding="utf-8") as file:
        file.write("</releases>\n")


def _release(number: int, chance: int) -> str:
    tracks = "".join(_track(place, chance ^ place * 7_919) for place in range(1, 11))
    master = (
        f'<master_id is_main_release="true">{number // 2 + 1}</master_id>' if chance % 3 else ""
    )
    month = f"{chance % 13:02}"
    return (
        f'<release id="{number}" status="Accepted"><artists>{_artist(chance)}</artists>'
        f"<title>{title_of(chance)} {number}</title>"
        f'<labels><label name="Label {chance % 3_000}" catno="K {number % 997:03}" '
        f'id="{chance % 3_000 + 1}"/></labels>'
        f"<extraartists>{_extra(chance)}{_extra(chance >> 5)}</extraartists>"
        f'<formats><format name="CD" qty="1" text=""><descriptions><description>Album'
        "</description><description>Reissue</description></descriptions></format></formats>"
        f"<genres><genre>{_GENRES[chance % 4]}</genre></genres>"
        f"<styles><style>{_STYLES[chance % 6]}</style><style>{_STYLES[chance % 5]}</style></styles>"
        f"<country>{_COUNTRIES[chance % 7]}</country>"
        f"<released>{1960 + chance % 65}-{month}-{chance % 29 if chance % 13 else 0:02}</released>"
        f"<notes>Recorded at {title_of(chance >> 3)} studios.&#13;\nThanks to all &amp; everybody "
        f"at {title_of(chance >> 7)}, and to those who {title_of(chance >> 9)}.</notes>"
        f"<data_quality>Needs Vote</data_quality>{master}<tracklist>{tracks}</tracklist>"
        f'<identifiers><identifier type="Barcode" value="{_barcode(chance)}"/>'
        f'<identifier type="Matrix / Runout" description="Side A" value="MPO K {number} A1 G"/>'
        f'<identifier type="Matrix / Runout" description="Side B" value="MPO K {number} B1 G"/>'
        f"</identifiers><videos>{_video(chance)}{_video(chance >> 4)}{_video(chance >> 8)}</videos>"
        f"<companies>{_company(chance)}{_company(chance >> 6)}</companies></release>\n"
    )


def _artist(chance: int, more: str = "") -> str:
    number = chance % 20_000
    suffix = f" ({number % 9 + 2})" if number % 11 == 0 else ""
    anv = f"<anv>A. {number}</anv>" if chance % 17 == 0 else ""
    return (
        f"<artist><id>{number + 1}</id><name>Artist {title_of(number)} {number}{suffix}</name>"
        f"{anv}{more}</artist>"
    )


def _extra(chance: int) -> str:
    return _artist(chance, f"<role>{_ROLES[chance % 5]}</role>")


def _track(place: int, chance: int) -> str:
    credits = f"<artists>{_artist(chance)}</artists>" if chance % 19 == 0 else ""
    extra = f"<extraartists>{_extra(chance)}</extraartists>" if chance % 7 == 0 else ""
    duration = f"{chance % 9 + 1}:{chance % 60:02}" if chance % 5 else ""
    return (
        f"<track><position>{place}</position><title>{title_of(chance)}</title>"
        f"<duration>{duration}</duration>{credits}{extra}</track>"
    )


def _barcode(chance: int) -> str:
    from phonotheque.music.identifiers import check_digit

    body = f"{chance % 10**12:012}"
    return f"{body[0]} {body[1:6]} {body[6:]} {check_digit(body)}"


def _video(chance: int) -> str:
    title = f"Artist {chance % 20_000} - {title_of(chance)}"
    return (
        f'<video src="https://video.example/watch?v={chance % 36**8:011x}" '
        f'duration="{chance % 600}" embed="true"><title>{title}</title>'
        f"<description>{title}</description></video>"
    )


def _company(chance: int) -> str:
    number = chance % 90_000
    return (
        f"<company><id>{number}</id><name>Studio {number}</name><catno/><entity_type>23"
        "</entity_type><entity_type_name>Recorded At</entity_type_name><resource_url>"
        f"https://api.example/labels/{number}</resource_url></company>"
    )


# -- in a process of its own -----------------------------------------------------------------------


def _imported(folder: Path) -> dict[str, float]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from phonotheque.catalogue.sources.discogs.source import Discogs
    from phonotheque.catalogue.sources.importing import import_source

    pa.set_cpu_count(1)
    pq.write_table(pa.table({"a": [1]}), pa.BufferOutputStream())  # it imports much, late
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
        source = Discogs([folder])
        before, memory = own_cpu_s(), own_peak_bytes()
        report = import_source(Path(name), source)
        cost = own_cpu_s() - before
    assert not report.refused, report.reasons
    return {"read": report.read, "cpu_s": cost, "peak_bytes": own_peak_bytes() - memory}


def _iterparsed(folder: Path) -> dict[str, float]:
    (path,) = folder.iterdir()
    before = own_cpu_s()
    read = sum(1 for one in _dictionaries(path) if one["title"])
    return {"read": read, "cpu_s": own_cpu_s() - before}


def _dictionaries(path: Path) -> Iterator[dict[str, object]]:
    """The peer: each release as a dictionary of what ours reads."""
    found = ElementTree.iterparse(path, events=("start", "end"))
    _, root = next(found)
    for event, element in found:
        if event == "end" and element.tag == "release":
            yield {
                "id": element.get("id"),
                **{tag: element.findtext(tag) for tag in _TEXTS},
                "artists": [_parts(one) for one in element.iterfind("artists/artist")],
                "labels": [one.attrib for one in element.iterfind("labels/label")],
                "formats": [
                    (one.attrib, [inner.text for inner in one.iter("description")])
                    for one in element.iterfind("formats/format")
                ],
                "tags": [
                    *(one.text for one in element.iterfind("genres/genre")),
                    *(one.text for one in element.iterfind("styles/style")),
                ],
                "identifiers": [one.attrib for one in element.iterfind("identifiers/identifier")],
                "tracks": [
                    (
                        *(one.findtext(tag) for tag in ("position", "title", "duration")),
                        [_parts(by) for by in one.iterfind("artists/artist")],
                    )
                    for one in element.iterfind("tracklist/track")
                ],
            }
            root.clear()


_TEXTS = ("title", "country", "released", "master_id")


def _parts(element: ElementTree.Element) -> dict[str, str | None]:
    return {one.tag: one.text for one in element}


def _main(what: str, folder: Path, *rest: str) -> None:
    match what:
        case "write":
            write_releases(folder, int(rest[0]))
            print("{}")
        case "ours":
            print(json.dumps(_imported(folder)))
        case _:
            print(json.dumps(_iterparsed(folder)))


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
