"""The fact sheet as a text in Markdown: `facts/fact-sheet.md`.

Laws: whatever stands in a setting or a tag, no text becomes markup or a second line; every figure
of the page is here too, because both are written from the same sections.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from phonotheque.music.number_words import counted
from phonotheque.music.statement import Tdm
from phonotheque.music.tdm_statement import SENTENCE, counted_sentence
from phonotheque.publish.facts.sheet import Coverage, FactSheet, Heap, LicenceCount
from phonotheque.publish.facts.words import (
    ALWAYS,
    coverage_sentence,
    faults,
    length_text,
    listens_text,
    one_line,
    summary,
    title_of,
    what_it_is_not,
)
from phonotheque.publish.pages.texts import format_count, format_day, format_share, format_size

_MARKUP = re.compile(r"([\\`*_\[\]<>|#~])")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the sheet: sentences, then a list, then a table; each may be empty.

    Attributes:
        rows: The table, its first row the head.
    """

    name: str
    sentences: Sequence[str] = ()
    points: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


def title_line(sheet: FactSheet) -> str:
    """The title of page and text."""
    return f"Fact sheet of {title_of(sheet)}"


def sections(sheet: FactSheet) -> list[Section]:
    """All parts of the sheet, in order."""
    return list(_sections(sheet))


def _sections(sheet: FactSheet) -> Iterator[Section]:
    yield Section("In short", summary(sheet))
    yield Section("What it is not", points=what_it_is_not(sheet))
    yield Section("Figures", rows=[("what", "how much"), *_figures(sheet)])
    if sheet.kinds:
        yield Section("By kind", rows=list(_heaps("kind", sheet.kinds)))
    if any(tier.name != "all" for tier in sheet.tiers):
        yield Section(
            "By tier",
            ["A tier is a part of all listens, the most heard recordings first."],
            rows=list(_heaps("tier", sheet.tiers)),
        )
    yield Section("Coverage", [_coverage(sheet.coverage)], rows=_coverage_rows(sheet.coverage))
    yield Section("Licences", rows=_licences(sheet))
    yield Section("Formats", rows=_formats(sheet))
    counts = counted_sentence({kind: sheet.mining.get(kind.value, 0) for kind in Tdm})
    yield Section("Training of AI", [SENTENCE, *([counts] if counts else [])])
    yield Section("What is not in it", _left(sheet), rows=_reasons(sheet))
    wrong = [f"{one.reason}: {format_count(one.recordings)}." for one in faults(sheet)]
    yield Section("Known faults", points=[*wrong, *ALWAYS])


def _figures(sheet: FactSheet) -> Iterator[tuple[str, str]]:
    totals, known = sheet.totals, sheet.counted
    yield "publication", format_count(sheet.publication)
    yield "offered as of", format_day(known.as_of) if known.as_of else "never"
    yield "nothing in it came in after", format_day(known.cut_off) if known.cut_off else "-"
    packs = counted(totals.packs, "pack")
    yield "torrents", f"{format_count(totals.volumes)} of recordings, {packs}"
    yield "recordings", format_count(totals.recordings)
    yield "length", length_text(totals.length_ms)
    yield "files", format_count(totals.files)
    yield "size", _exactly(totals.size_bytes)
    yield "of these recordings", _exactly(totals.music_bytes)
    yield "recordings in the archive", format_count(known.held)
    yield "taken down so far", format_count(known.removed)
    yield "torrents withdrawn or replaced so far", format_count(known.retired)


def _exactly(size_bytes: int) -> str:
    return f"{format_size(size_bytes)} ({format_count(size_bytes)} bytes)"


def _heaps(what: str, heaps: Sequence[Heap]) -> Iterator[tuple[str, ...]]:
    yield (what, "meaning", "torrents", "items", "size")
    for one in heaps:
        counts = (format_count(one.torrents), format_count(one.items))
        yield (one.name, one.meaning, *counts, format_size(one.size_bytes))


def _coverage(coverage: Coverage | None) -> str:
    if coverage is None:
        return "Nobody has counted yet how much of all known music is in it."
    return " ".join((coverage_sentence(coverage), one_line(coverage.note))).strip()


def _coverage_rows(coverage: Coverage | None) -> list[tuple[str, ...]]:
    if coverage is None:
        return []
    rows: list[tuple[str, ...]] = [("of what", "known", "in it", "share")]
    for what, known, shared in (
        ("recordings", coverage.known_recordings, coverage.shared_recordings),
        ("releases", coverage.known_releases, coverage.shared_releases),
    ):
        share = format_share(shared / known) if known else "-"
        rows.append((what, format_count(known), format_count(shared), share))
    rows.append(("listens", "-", "-", listens_text(coverage)))
    return rows


def _licences(sheet: FactSheet) -> list[tuple[str, ...]]:
    named: list[tuple[str, ...]] = [
        (one.name, _where(one), format_count(one.recordings), _part(one.recordings, sheet))
        for one in sheet.licences
    ]
    return [("licence", "where it stands", "recordings", "share"), *named] if named else []


def _where(licence: LicenceCount) -> str:
    return "an SPDX name" if licence.licence == licence.name else licence.licence


def _formats(sheet: FactSheet) -> list[tuple[str, ...]]:
    named: list[tuple[str, ...]] = [
        (
            one.codec or "unknown",
            "every sample" if one.is_lossless else "lossy",
            format_count(one.recordings),
            format_size(one.size_bytes),
        )
        for one in sheet.formats
    ]
    return [("coding", "keeps", "recordings", "size"), *named] if named else []


def _part(count: int, sheet: FactSheet) -> str:
    return format_share(count / sheet.totals.recordings)


def _left(sheet: FactSheet) -> list[str]:
    if sheet.left:
        return ["Held by the archive, and not in it:"]
    return ["All that the archive holds and may share is in it."]


def _reasons(sheet: FactSheet) -> list[tuple[str, ...]]:
    rows = [(one_line(one.reason), format_count(one.recordings)) for one in sheet.left]
    return [("why", "recordings"), *rows] if rows else []


def markdown(sheet: FactSheet) -> str:
    """Write the text."""
    return "\n".join(_lines(title_line(sheet), sections(sheet)))


def _lines(title: str, parts: Sequence[Section]) -> Iterator[str]:
    yield from (f"# {escaped(title)}", "")
    for part in parts:
        yield from (f"## {part.name}", "")
        for sentence in part.sentences:
            yield from (escaped(sentence), "")
        if part.points:
            yield from (f"- {escaped(point)}" for point in part.points)
            yield ""
        if part.rows:
            head, *rows = part.rows
            yield _row(head)
            yield _row(["---"] * len(head), is_rule=True)
            yield from (_row(row) for row in rows)
            yield ""


def _row(cells: Sequence[str], *, is_rule: bool = False) -> str:
    return f"| {' | '.join(cell if is_rule else escaped(cell) for cell in cells)} |"


def escaped(text: str) -> str:
    """One line in which no sign means markup."""
    return _MARKUP.sub(r"\\\1", one_line(text))
