"""The plain-text lists that travel in a volume: readable with coreutils, in fifty years.

Laws: pure text from values; tabs, newlines and other control characters in tags become spaces;
one line is one recording; the same volume gives the same bytes.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Sequence

import msgspec

from phonotheque.music.digest import Sha256
from phonotheque.music.statement import Tdm
from phonotheque.music.tdm_statement import (
    SENTENCE,
    UNSAID,
    Mining,
    counted_sentence,
    sentence_of,
)
from phonotheque.store.objects import ObjectName, parse_file_name

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")

COLUMNS = ("sha256", "size", "path", "title", "artists", "release", "licence")
"""The columns of manifest.tsv, which is also its first line."""


class Line(msgspec.Struct, frozen=True, gc=False):
    """A recording as its volume lists it.

    Attributes:
        licence: The canonical URI or id.
        source: Where it comes from, as an attribution names it; "" when unknown.
        mining: What held for text and data mining when the volume was sealed.
        path: Its path below the volume's folder. It follows from the name, and is written out once
            because every list has it.
    """

    name: ObjectName
    size_bytes: int
    title: str
    artists: str
    release: str
    licence: str
    source: str = ""
    mining: Mining = UNSAID
    path: str = ""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "path", f"{self.name.folder}/{self.name.file}")


def plain(text: str) -> str:
    """Text fit for one field of one line; "-" where there is none.

    No field is ever empty: a shell's `read` takes two tabs in a row for one.
    """
    if not text.isprintable():  # so is nearly every text, and asking is quick
        text = _CONTROL.sub(" ", text)
    return text.strip() or "-"


def manifest(lines: Sequence[Line]) -> str:
    """Write manifest.tsv: tab-separated, one header line."""
    rows = ["\t".join(COLUMNS)]
    for line in lines:
        title, artists, release = plain(line.title), plain(line.artists), plain(line.release)
        known = f"{line.name.sha256.hex}\t{line.size_bytes}\t{line.path}"
        rows.append(f"{known}\t{title}\t{artists}\t{release}\t{plain(line.licence)}")
    rows.append("")
    return "\n".join(rows)


def read_manifest(text: str) -> list[ObjectName]:
    """Read back which objects a manifest lists.

    Raises:
        ValueError: A line is not as `manifest` writes it.
    """
    header, *rows = text.splitlines()
    if tuple(header.split("\t")) != COLUMNS:
        raise ValueError("the first line does not name the columns")
    names = []
    for row in rows:
        fields = row.split("\t")
        name = parse_file_name(fields[2].rpartition("/")[2]) if len(fields) == 7 else None
        if name is None or name.sha256 != Sha256.parse(fields[0]):
            raise ValueError(f"not a line of a manifest: {row[:80]!r}")
        names.append(name)
    return names


def checksums(digests: Sequence[tuple[str, str]]) -> str:
    """Write SHA256SUMS from pairs of (digest, path below the volume's folder)."""
    return "".join(f"{digest}  {path}\n" for digest, path in digests)


def attribution(volume: str, lines: Sequence[Line]) -> str:
    """Write ATTRIBUTION.txt: title, maker, source and licence, as licences ask for them."""
    parts = [f"Attribution for the recordings of {volume}", ""]
    by_licence: dict[str, list[Line]] = {}
    for line in lines:
        by_licence.setdefault(line.licence, []).append(line)
    for licence in sorted(by_licence):
        parts += [f"Licence: {licence}", ""]
        for line in by_licence[licence]:
            release = f", from {plain(line.release)}" if line.release else ""
            artists = plain(line.artists) if line.artists else "artist not named in the file"
            parts.append(f"  {artists}: {plain(line.title)}{release}")
            if line.source:
                parts.append(f"    Source: {plain(line.source)}")
            if line.mining.tdm is not Tdm.UNKNOWN:
                parts.append(f"    {sentence_of(line.mining)}")
            parts.append(f"    {line.path}")
        parts.append("")
    return "\n".join(parts)


README = """\
{volume}
{rule}

{count} recordings, {size_bytes} bytes, licence class "{licence_class}", from the archive
"{archive}". The terms of each recording stand in ATTRIBUTION.txt and manifest.tsv. The files are
byte for byte as the archive received them, named by the SHA-256 of their bytes.

Check them, in the folder that holds "lists":

  sha256sum --check --quiet lists/{volume}/SHA256SUMS

List them (title, artists, release, licence):

  cut -f 4-7 lists/{volume}/manifest.tsv

Columns of manifest.tsv, separated by tabs: sha256, size in bytes, path, title, artists, release,
licence; "-" where nothing is known.

{mining}
"""
"""Text of a volume's README.txt."""


def readme(volume: str, archive: str, licence_class: str, lines: Sequence[Line]) -> str:
    """Write README.txt of a volume."""
    return README.format(
        volume=volume,
        rule="=" * len(volume),
        count=len(lines),
        size_bytes=sum(line.size_bytes for line in lines),
        licence_class=licence_class,
        archive=plain(archive),
        mining=_mining(lines),
    )


def _mining(lines: Sequence[Line]) -> str:
    """What holds for text and data mining, with the figures of the day the volume was sealed."""
    counts = counted_sentence(Counter(line.mining.tdm for line in lines))
    return textwrap.fill(f"{SENTENCE} {counts}".rstrip(), 98)
