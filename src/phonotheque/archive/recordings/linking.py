"""Linking recordings that are alike, when they have come in.

Laws: every pair is compared once, the later one with those before it; a link is durable in the
register before the index knows it; what is stopped half-way goes on where it stopped, and writes
no link twice. The index of fingerprints is a cache of the index's `curves`: a new index of the
archive begins a new one, because it numbers the objects anew.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from itertools import islice

from phonotheque.archive.opening import Archive
from phonotheque.audio.fingerprint import SAMPLE_RATE_HZ, STEP_SAMPLES, Words, decode_fingerprint
from phonotheque.audio.likeness.compare import Found, find
from phonotheque.audio.likeness.index import FOLDER, LikenessIndex
from phonotheque.disk import Disk
from phonotheque.music.digest import Sha256
from phonotheque.register import kinship
from phonotheque.register.events import Link
from phonotheque.register.index import Index

_BATCH = 1000
"""Recordings added to the index of fingerprints in one go: two syncs each time."""

_WORD_MS = 1000 * STEP_SAMPLES / SAMPLE_RATE_HZ

_Fresh = tuple[int, Sha256, Words]


def link_new(archive: Archive) -> int:
    """Compare recordings that were not compared yet with all others; record what is alike.

    Returns:
        How many links were recorded.

    Raises:
        UnavailableError: The archive's disk refused; run again to go on.
    """
    index = archive.index
    linked = int(index.note("linked") or 0)
    if kinship.last_number(index) <= linked:
        return 0
    index.make_durable()  # a number must not be given again once a segment has it
    likeness = _open(archive.disk, index, linked)
    count = 0
    try:
        fresh = kinship.fingerprints_after(index, linked)
        while batch := [_decoded(*row) for row in islice(fresh, _BATCH)]:
            likeness.add((number, words) for number, _, words in batch)
            links = [link for one in batch for link in _links(index, likeness, one)]
            written = archive.writing.append(archive.now(), links) if links else []
            with index.transaction():
                index.apply(written)
                index.set_note("linked", str(batch[-1][0]))
            count += len(links)
    finally:
        likeness.close()
    return count


def _open(disk: Disk, index: Index, linked: int) -> LikenessIndex:
    """Open the index of fingerprints that goes with this index, whole."""
    folder = f"{FOLDER}/{_token(index)}"
    for entry in disk.list(FOLDER):
        if entry.name != folder.rpartition("/")[2]:
            _remove_folder(disk, f"{FOLDER}/{entry.name}")
    likeness = LikenessIndex.open(disk, folder)
    if likeness.count < kinship.count_up_to(index, linked):
        everything = kinship.fingerprints_after(index, 0)
        while batch := [_decoded(*row) for row in islice(everything, _BATCH)]:
            likeness.add((number, words) for number, _, words in batch if number <= linked)
    return likeness


def _token(index: Index) -> str:
    """The name of this index's numbering, made when it is first asked for."""
    token = index.note("numbering")
    if not token:
        token = secrets.token_hex(8)
        with index.transaction():
            index.set_note("numbering", token)
        index.make_durable()
    return token


def _remove_folder(disk: Disk, folder: str) -> None:
    """Remove what belonged to an index that is gone. Its files go; an empty folder may stay."""
    for entry in disk.list(folder):
        disk.remove(f"{folder}/{entry.name}")


def _decoded(number: int, name: Sha256, fingerprint: bytes) -> _Fresh:
    return number, name, decode_fingerprint(fingerprint)


def _links(index: Index, likeness: LikenessIndex, fresh: _Fresh) -> Iterator[Link]:
    """Links from one recording to those that were numbered before it."""
    number, name, words = fresh
    earlier = [other for other, _ in likeness.candidates(words) if other < number]
    if not earlier:
        return
    others = kinship.fingerprints_of(index, earlier)
    known = ((other, decode_fingerprint(data)) for other, (_, data) in sorted(others.items()))
    for found in find(words, known):
        other_name = others[found.number][0]
        if not kinship.are_linked(index, name, other_name):
            yield _link(name, other_name, found)


def _link(name: Sha256, other: Sha256, found: Found) -> Link:
    match = found.match
    return Link(
        name.hex,
        other.hex,
        found.likeness,
        round(match.bit_errors, 4),
        offset_ms=-round(match.offset_words * _WORD_MS),
        compared_ms=round(match.words * _WORD_MS),
    )
