"""The texts in chunks: INFO, Wave64 summaries, AIFF texts, and broadcasters' `bext` and iXML.

Laws: nothing is refused; what cannot be read is left out. iXML with a document type is left out
whole: the format has none, and entities are how small XML becomes large.

Sources: EBU Tech 3285 v2 (`bext`); iXML specification 3.0; RIFF INFO; Wave64 summary list.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO
from xml.etree import ElementTree

from phonotheque.audio.riff import Chunk, iter_chunks, iter_subchunks
from phonotheque.audio.tag_names import AIFF_TEXTS, RIFF_INFO
from phonotheque.audio.tag_values import MAX_VALUES, TagFindings, decode_text

_MAX_CHUNK_BYTES = 1024 * 1024  # the longest coding history and iXML seen are below 100 KiB
_MAX_XML_DEPTH = 16
_BEXT_TEXTS = (
    ("description", 256),
    ("originator", 32),
    ("originator_reference", 32),
    ("origination_date", 10),
    ("origination_time", 8),
)
_BEXT_LOUDNESS = (
    "loudness_lufs",
    "range_lu",
    "true_peak_dbtp",
    "momentary_lufs",
    "short_term_lufs",
)
_BEXT_FIXED_BYTES = 602
_DSF_POINTER_AT = 20
_BEXT_UNSET = 0x7FFF  # "this value is not used"; EBU Tech 3285 v2, 2.4


class _PlainTree(ElementTree.TreeBuilder):
    """A tree that has no document type, in whatever encoding one was hidden."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """Refuse it before any entity is declared."""
        raise ValueError(f"a document type in iXML: {name}, {pubid}, {system}")


def read_chunk_texts(file: BinaryIO, container: str, found: TagFindings) -> None:
    """Add to `found` what the text chunks of a WAV, RF64, W64 or AIFF file say."""
    for chunk in iter_chunks(file, container):
        match chunk.name:
            case "LIST" if container != "aiff":
                _read_list(chunk.read(file, _MAX_CHUNK_BYTES), found)
            case "summ":
                _read_summary(chunk.read(file, _MAX_CHUNK_BYTES), found)
            case "bext":
                _read_bext(chunk.read(file, _MAX_CHUNK_BYTES), found)
            case "iXML":
                _read_ixml(chunk, file, found)
            case name if container == "aiff" and name in AIFF_TEXTS:
                text = decode_text(chunk.read(file, _MAX_CHUNK_BYTES))
                found.add(AIFF_TEXTS[name], text)


def find_id3(file: BinaryIO, container: str) -> Chunk | None:
    """Return the chunk that holds an ID3v2 tag, whose name is written in four ways.

    DSF has none: its header points at the tag that ends the file. Source: DSF 1.01, "DSD chunk".
    """
    if container == "dsf":
        file.seek(_DSF_POINTER_AT)
        start = int.from_bytes(file.read(8), "little")
        size_bytes = file.seek(0, io.SEEK_END) - start
        return Chunk("ID3 ", start, size_bytes) if start and size_bytes > 0 else None
    names = ("id3 ", "ID3 ")
    return next((c for c in iter_chunks(file, container) if c.name in names), None)


def _read_list(body: bytes, found: TagFindings) -> None:
    if body[:4] != b"INFO":
        return
    for name, value in iter_subchunks(body[4:]):
        if name in RIFF_INFO:
            found.add(RIFF_INFO[name], decode_text(value))


def _read_summary(body: bytes, found: TagFindings) -> None:
    """Source: Wave64, "summary list": a count, then (name, size, UTF-16 text)."""
    for name, value in iter_subchunks(body[4:]):
        if name in RIFF_INFO:
            found.add(RIFF_INFO[name], value.decode("utf-16-le", "replace").partition("\0")[0])


def _read_bext(body: bytes, found: TagFindings) -> None:
    at = 0
    for name, size in _BEXT_TEXTS:
        found.add_broadcast(f"bext.{name}", decode_text(body[at : at + size]))
        at += size
    if len(body) < _BEXT_FIXED_BYTES:
        return
    time_reference, version = struct.unpack_from("<QH", body, at)
    found.add_broadcast("bext.time_reference_samples", str(time_reference))
    found.add_broadcast("bext.version", str(version))
    umid = body[at + 10 : at + 74]
    if version >= 1 and any(umid):
        found.add_broadcast("bext.umid", umid.hex())
    if version >= 2:
        for name, value in zip(
            _BEXT_LOUDNESS, struct.unpack_from("<5h", body, at + 74), strict=True
        ):
            if value != _BEXT_UNSET:
                found.add_broadcast(f"bext.{name}", f"{value / 100:.2f}")
    found.add_broadcast("bext.coding_history", decode_text(body[_BEXT_FIXED_BYTES:]))


def _read_ixml(chunk: Chunk, file: BinaryIO, found: TagFindings) -> None:
    raw = chunk.read(file, _MAX_CHUNK_BYTES)
    if raw[:1] == b"<" and raw[1:2] != b"\0":  # not UTF-16: padding may be cut off
        raw = raw.strip(b"\0 \r\n\t")
    parser = ElementTree.XMLParser(target=_PlainTree())
    try:
        parser.feed(raw)
        root = parser.close()
    except (ElementTree.ParseError, ValueError, LookupError):  # LookupError: an unknown encoding
        return
    for count, (name, text) in enumerate(_iter_leaves(root, "ixml", 0)):
        if count >= MAX_VALUES:
            return
        found.add_broadcast(name, text)


def _iter_leaves(parent: ElementTree.Element, path: str, depth: int) -> Iterator[tuple[str, str]]:
    for child in parent:
        name = f"{path}.{child.tag[:64]}"
        if len(child) and depth < _MAX_XML_DEPTH:
            yield from _iter_leaves(child, name, depth + 1)
        elif child.text:
            yield name, child.text
