"""Tags of every container, read into one value. The only module that uses mutagen (GPL-2.0+).

Laws: damage never raises: what was read before it counts; where a file carries several kinds of
tags, the container's own win and the others fill what they leave open; a picture is named by its
own bytes, not by the text or block around it.

mutagen promises `MutagenError` and raises `ValueError`, `IndexError`, `ZeroDivisionError` and
`MemoryError` as well on damaged files, so every reader is called through `_attempt`.
Not here: the names of fields (`tag_names`), bounds (`tag_values`), chunks (`riff`, `riff_texts`).
"""
# mutagen is half annotated.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

from mutagen.apev2 import APEv2
from mutagen.flac import FLAC
from mutagen.id3 import ID3, Frame, Frames, Frames_2_2
from mutagen.id3._util import ID3JunkFrameError, unsynch
from mutagen.mp4 import MP4
from mutagen.ogg import OggPage
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis

from phonotheque.audio.id3 import frames_end
from phonotheque.audio.pictures import decode_base64, parse_block
from phonotheque.audio.riff_texts import find_id3, read_chunk_texts
from phonotheque.audio.tag_names import APE_PICTURES, ID3_TEXTS, MP4_TEXTS, Field, free_name
from phonotheque.audio.tag_values import Findings, decode_text
from phonotheque.music.facts import Tags

_MAX_ID3_CHUNK_BYTES = 64 * 1024 * 1024  # room for any cover; mutagen holds it twice
_MAX_UNPACKED_BYTES = 64 * 1024 * 1024  # of all compressed frames of a tag: 64 KiB can hold it
_MAX_OGG_HEADER_PAGES = 4096
_FRONT_COVER = 3
_PICTURE_BLOCK = 6  # RFC 9639, 8.1
_LICENCE_HOST = "creativecommons.org/"

_Reader = Callable[[BinaryIO, Findings], None]


def read_tags(file: BinaryIO, container: str) -> Tags:
    """Return what the makers of a file wrote into it.

    Args:
        file: Seekable; its position is moved.
        container: One of `CONTAINERS`, as sniffed.

    Returns:
        The tags; empty ones when there are none or none can be read. Never raises for bad bytes.
    """
    found = Findings()
    for reader in _readers(container):
        part = Findings()
        _attempt(reader, file, part)
        found.fill_from(part)
    return found.tags()


def _readers(container: str) -> tuple[_Reader, ...]:
    """The readers for a container, the one to believe first in front."""
    match container:
        case "mp3":
            return (_read_id3, _read_ape)
        case "flac":
            return (_read_flac, _read_id3)
        case "ogg":
            return (_read_ogg, _read_ogg_flac_pictures)
        case "mp4":
            return (_read_mp4,)
        case "wavpack":
            return (_read_ape, _read_id3)
        case "dsf":
            return (lambda file, found: _read_id3_chunk(file, container, found),)
        case "wav" | "rf64" | "w64" | "aiff":
            return (
                lambda file, found: _read_id3_chunk(file, container, found),
                lambda file, found: read_chunk_texts(file, container, found),
            )
    raise ValueError(f"not a container: {container!r}")


def _attempt(read: Callable[..., object], file: BinaryIO, *rest: object) -> None:
    """Let a reader go as far as it can. See the module for why everything is caught."""
    try:
        file.seek(0)  # mutagen reads from where it finds a file
        read(file, *rest)
    except Exception:
        return


def _load(kind: Any, file: BinaryIO) -> Any:
    """Read a file as `kind` and return what was read, also when the reading failed half-way.

    Made without its constructor, which would throw all away at the first fault.
    """
    reader = kind.__new__(kind)
    _attempt(reader.load, file)
    return reader


class _BoundedFrame(Frame):
    """A frame that is left out when the compressed frames of its tag unpack to too much."""

    @classmethod
    def _fromData(cls, header: Any, flags: int, data: bytes) -> Any:  # noqa: N802  # mutagen's
        is_modern = header.version[1] >= 4
        is_packed = flags & (Frame.FLAG24_COMPRESS if is_modern else Frame.FLAG23_COMPRESS)
        if is_packed:
            is_safe = is_modern and (header.f_unsynch or flags & Frame.FLAG24_UNSYNCH)
            packed = _desynchronised(data[4:]) if is_safe else data[4:]
            # Some writers leave out the size in front, and mutagen tries that, too.
            sizes = (_unpacked_bytes(stream) for stream in (packed, data[:4] + packed))
            header.unpacked_bytes = getattr(header, "unpacked_bytes", 0) + max(sizes)
            if header.unpacked_bytes > _MAX_UNPACKED_BYTES:
                raise ID3JunkFrameError
        return super()._fromData(header, flags, data)


def _desynchronised(data: bytes) -> bytes:
    try:
        return bytes(unsynch.decode(data))
    except ValueError:  # the flag is set and the data are not: mutagen takes them as they are
        return data


def _unpacked_bytes(packed: bytes) -> int:
    """Length of what a stream unpacks to, no more than a byte over the bound."""
    try:
        return len(zlib.decompressobj().decompress(packed, _MAX_UNPACKED_BYTES + 1))
    except zlib.error:
        return 0


_KNOWN_FRAMES = Frames_2_2 | {
    name: type(name, (_BoundedFrame, kind), {})
    for name, kind in Frames.items()
    if name not in ("CHAP", "CTOC")  # chapters hold whole tags, which are not wanted
}


class _BoundedID3(ID3):
    """A tag of which no more frames are read than a tag may have."""

    def _read(self, header: Any, data: bytes) -> Any:
        version = header.version[1]
        end = frames_end(data, version)
        if header.f_unsynch and version < 4:
            end = min(end, frames_end(_desynchronised(data), version))
        return super()._read(header, data[:end])


def _read_id3(file: BinaryIO, found: Findings) -> None:
    tag = _BoundedID3(file, known_frames=_KNOWN_FRAMES)
    _take_id3(tag, found)


def _read_id3_chunk(file: BinaryIO, container: str, found: Findings) -> None:
    chunk = find_id3(file, container)
    if chunk is not None:
        _read_id3(io.BytesIO(chunk.read(file, _MAX_ID3_CHUNK_BYTES)), found)


def _take_id3(tag: Any, found: Findings) -> None:
    for frame in tag.values():
        name = frame.FrameID
        if name in ID3_TEXTS:
            _add_all(found, ID3_TEXTS[name], frame.text)
        else:
            _take_id3_special(name, frame, found)


def _take_id3_special(name: str, frame: Any, found: Findings) -> None:
    match name:
        case "TXXX" if (field := free_name(frame.desc)) is not None:
            _add_all(found, field, frame.text)
        case "TCON":
            _add_all(found, Field.GENRE, frame.genres)
        case "COMM" if not frame.desc.startswith(
            "iTun"
        ):  # iTunNORM, iTunSMPB: numbers for a player
            _add_all(found, Field.COMMENT, frame.text)
        case "WCOP":
            found.add(Field.LICENCE, frame.url)
        case "WXXX" if free_name(frame.desc) in (Field.LICENCE, Field.COPYRIGHT):
            found.add(Field.LICENCE, frame.url)
        case "WXXX" if _LICENCE_HOST in frame.url:
            found.add(Field.LICENCE, frame.url)
        case "UFID" if "musicbrainz.org" in frame.owner:
            found.add(Field.MB_RECORDING, frame.data.decode("latin-1"))
        case "RVA2":
            _take_rva2(frame, found)
        case "APIC" if frame.mime != "-->":  # an arrow: the bytes are only an address
            found.add_picture(frame.data, frame.mime, int(frame.type))


def _take_rva2(frame: Any, found: Findings) -> None:
    """Source: ID3v2.4 4.11. The master channel (1) only; "album" is a convention of its users."""
    if frame.channel == 1:
        is_album = frame.desc.lower() == "album"
        found.add(Field.ALBUM_GAIN if is_album else Field.TRACK_GAIN, f"{frame.gain:.6f}")
        if frame.peak:
            found.add(Field.ALBUM_PEAK if is_album else Field.TRACK_PEAK, f"{frame.peak:.6f}")


def _read_ape(file: BinaryIO, found: Findings) -> None:
    for key, value in APEv2(file).items():
        kind = APE_PICTURES.get(key.lower())
        if kind is not None and isinstance(value.value, bytes):
            found.add_picture(value.value.partition(b"\0")[2], "", kind)  # behind its file's name
        elif (field := free_name(key)) is not None and isinstance(value.value, str):
            _add_all(found, field, value.value.split("\0"))


def _read_flac(file: BinaryIO, found: Findings) -> None:
    reader = _load(FLAC, file)
    if reader.tags is not None:
        _take_comments(reader.tags, found)
    for picture in reader.pictures:
        found.add_picture(picture.data, picture.mime, picture.type)


def _read_ogg(file: BinaryIO, found: Findings) -> None:
    for kind in (OggVorbis, OggOpus, OggFLAC, OggSpeex):
        reader = _load(kind, file)
        if reader.tags is not None:
            _take_comments(reader.tags, found)
            return


def _take_comments(comments: Iterable[tuple[str, str]], found: Findings) -> None:
    """Take Vorbis comments. A picture stands among them as base64, which mutagen leaves alone."""
    for key, text in comments:
        match key.lower():
            case "metadata_block_picture":
                _take_picture_block(decode_base64(text), found)
            case "coverart":  # the older way: the picture alone
                found.add_picture(decode_base64(text), "", _FRONT_COVER)
            case name if (field := free_name(name)) is not None:
                found.add(field, text)


def _take_picture_block(block: bytes, found: Findings) -> None:
    picture = parse_block(block)
    if picture is not None:
        found.add_picture(*picture)


def _read_ogg_flac_pictures(file: BinaryIO, found: Findings) -> None:
    """Take the PICTURE blocks of FLAC in Ogg: packets behind the first. Source: RFC 9639, 10.1."""
    page = OggPage(file)
    if not page.packets[0].startswith(b"\x7fFLAC"):
        return
    serial, packet = page.serial, b""
    for _ in range(_MAX_OGG_HEADER_PAGES):
        page = OggPage(file)
        if page.serial != serial:
            continue
        for number, part in enumerate(page.packets):
            packet += part
            if number == len(page.packets) - 1 and not page.complete:
                continue
            if packet[:1] and packet[0] & 0x7F == _PICTURE_BLOCK:
                _take_picture_block(packet[4:], found)
            if packet[:1] and packet[0] & 0x80:  # the last header, or the first frame of sound
                return
            packet = b""


def _read_mp4(file: BinaryIO, found: Findings) -> None:
    atoms: Any = MP4(file).tags or {}
    for key, values in atoms.items():
        if key in MP4_TEXTS:
            _add_all(found, MP4_TEXTS[key], values)
        elif key in ("trkn", "disk") and values:
            number, total = values[0]
            is_track = key == "trkn"
            _add_number(found, Field.TRACK if is_track else Field.DISC, number)
            _add_number(found, Field.TRACK_TOTAL if is_track else Field.DISC_TOTAL, total)
        elif key == "covr":
            for picture in values:
                found.add_picture(bytes(picture), "", _FRONT_COVER)
        elif key.startswith("----:") and (field := free_name(key.split(":", 2)[-1])) is not None:
            _add_all(found, field, (decode_text(bytes(value)) for value in values))


def _add_number(found: Findings, field: Field, number: int) -> None:
    if number > 0:  # MP4 writes 0 for "not stated"
        found.add(field, str(number))


def _add_all(found: Findings, field: Field, texts: Iterable[object]) -> None:
    for text in texts:
        found.add(field, str(text))
