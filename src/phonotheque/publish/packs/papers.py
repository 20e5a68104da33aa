"""What a pack says to people: README.txt, which teaches to read it with stock tools.

Laws: it follows from the head alone; lines are short enough for any terminal.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from phonotheque.publish.packs.form import CATALOGUE, Head, PackKind

_WIDTH = 78


@dataclass(frozen=True, slots=True)
class About:
    """What a pack is told about itself.

    Attributes:
        name: Its name.
        archive: UUID of the archive.
        title: The archive's name as people write it.
        tdm: The archive's statement on text and data mining.
    """

    name: str
    archive: str
    title: str
    tdm: str


_WHAT = {
    PackKind.METADATA: (
        "The catalogue: what is known of recordings, releases, artists and labels, held or not, "
        "with the source and the licence of every statement."
    ),
    PackKind.FACTS: (
        "What was measured on recordings: digests, length, loudness, integrity, fingerprint and "
        "waveform. One JSON object a line, found by the SHA-256 of the recording's file."
    ),
    PackKind.ART: (
        "Covers, booklets and notes that came with recordings and may be passed on, each under "
        "its own licence (see the index). Found by the SHA-256 of the file."
    ),
    PackKind.OVERLAYS: (
        "Current tags, and which cover belongs to them: what turns an original into a dressed "
        "copy. One JSON object a line, found by the SHA-256 of the original."
    ),
    PackKind.PATCHES: (
        "What gives originals back, byte for byte, from copies with other tags. Found by the "
        "SHA-256 of the copy."
    ),
    PackKind.REGISTER: (
        "The archive's journal. Lines about what is not shared are left out and stand there as "
        "their number and SHA-256, so that the chain of digests can be followed without a gap."
    ),
}

_USE = {
    PackKind.FACTS: "zstd -dc facts.jsonl.zst | head -1",
    PackKind.OVERLAYS: 'phono dress ORIGINAL.flac --packs .. --to "COPY.flac"',
    PackKind.PATCHES: "phono reconstruct COPY.flac --packs .. --to originals",
    PackKind.REGISTER: "zstd -dc register.jsonl.zst | head -1",
}


def readme(head: Head) -> str:
    """Return the text of README.txt."""
    paragraphs = [
        f"{head.name}\n{'=' * len(head.name)}",
        _filled(f"A pack of the archive “{head.title}”: {head.items:,} {_NOUN[head.kind]}."),
        _filled(_WHAT[head.kind]),
        _filled("Is it whole? Every file is named with its digest:"),
        "    sha256sum -c SHA256SUMS",
        *_reading(head),
        _filled(head.tdm),
    ]
    return "\n\n".join(paragraphs) + "\n"


_NOUN = {
    PackKind.METADATA: "recordings",
    PackKind.FACTS: "recordings",
    PackKind.ART: "files",
    PackKind.OVERLAYS: "recordings",
    PackKind.PATCHES: "copies",
    PackKind.REGISTER: "parts",
}


def _reading(head: Head) -> list[str]:
    if head.kind is PackKind.METADATA:
        return [
            _filled(f"{CATALOGUE}/README.txt says how to open it; with Phonotheque:"),
            f"    phono catalogue restore {CATALOGUE}",
        ]
    columns = ", ".join(head.columns)
    return [
        _filled(
            f"Everything lies in {head.content}, one thing behind the other. index.tsv.zst says "
            "where: one line for each, in order of key, with tabs between its columns "
            f"({columns}). Both are unpacked by any zstd; they are cut into frames with a table at "
            "the end (the Zstandard seekable format), so that a program can go straight to a place."
        ),
        _filled("One thing by hand, its line looked up first:"),
        "    zstd -dc index.tsv.zst | grep ^KEY",
        f"    zstd -dc {head.content} | tail -c +$((OFFSET + 1)) | head -c SIZE_BYTES",
        *([f"    {_USE[head.kind]}"] if head.kind in _USE else []),
    ]


def _filled(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
