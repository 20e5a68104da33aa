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

from phonotheque.audio.id3 import frames_end, picture_begins
from phonotheque.audio.pictures import decode_base64, parse_block
from phonotheque.audio.riff_texts import find_id3, read_chunk_texts
from phonotheque.audio.tag_names import APE_PICTURES, ID3_TEXTS, MP4_TEXTS, Field, free_name
from phonotheque.audio.tag_values import PictureSearch, TagFindings, decode_text
from phonotheque.music.facts import Tags

_MAX_ID3_BYTES = 64 * 1024 * 1024  # room for any cover; mutagen holds a tag four times
_MAX_UNPACKED_BYTES = 64 * 1024 * 1024  # of all compressed frames of a tag: 64 KiB can hold it
_MAX_FRAME_BYTES = 64 * 1024  # of anything but a picture: no text may be longer
_MAX_FRAMES_BYTES = 1024 * 1024  # of all these together: mutagen's cost is a frame's length squared
_MAX_OGG_HEADER_PAGES = 4096
_FRONT_COVER = 3
_PICTURE_BLOCK = 6  # RFC 9639, 8.1
_LICENCE_HOST = "creativecommons.org/"

_Reader = Callable[[BinaryIO, TagFindings], None]


def read_tags(file: BinaryIO, container: str) -> Tags:
    """Return what the makers of a file wrote into it.

    Args:
        file: Seekable; its position is moved.
        container: One of `CONTAINERS`, as sniffed.

    Returns:
        The tags; empty ones when there are none or none can be read. Never raises for bad bytes.
    """
    found = TagFindings()
    for reader in _readers(container):
        part = TagFindings()
        _attempt(reader, file, part)
        found.fill_from(part)
    return found.tags()


def read_picture(file: BinaryIO, container: str, sha256: str) -> bytes | None:
    """Return a picture that stands in the tags of a file.

    Args:
        file: Seekable; its position is moved.
        container: One of `CONTAINERS`, as sniffed.
        sha256: Which one: the digest of its bytes, as `Tags.pictures` names it.

    Returns:
        Its bytes; None when no reader meets it. Never raises for bad bytes.
    """
    search = PictureSearch(sha256)
    for reader in _readers(container):
        _attempt(reader, file, search)
        if search.data is not None:
            break
    return search.data


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
    """A frame that is left out when it, or its tag up to it, asks for more than is read."""

    @classmethod
    def _fromData(cls, header: Any, flags: int, data: bytes) -> Any:  # noqa: N802  # mutagen's
        is_modern = header.version[1] >= 4
        is_packed = flags & (Frame.FLAG24_COMPRESS if is_modern else Frame.FLAG23_COMPRESS)
        if is_packed:
            is_safe = is_modern and (header.f_unsynch or flags & Frame.FLAG24_UNSYNCH)
            packed = _desynchronised(data[4:]) if is_safe else data[4:]
            # Some writers leave out the size in front, and mutagen tries that, too.
            sizes = (_unpacked_bytes(stream) for stream in (packed, data[:4] + packed))
            _spend(header, "unpacked_bytes", max(sizes), _MAX_UNPACKED_BYTES)
        return super()._fromData(header, flags, data)

    def _readData(self, header: Any, data: bytes) -> None:  # noqa: N802  # mutagen's
        if self.FrameID not in _PICTURE_FRAMES:
            data = data[:_MAX_FRAME_BYTES]
            _spend(header, "text_bytes", len(data), _MAX_FRAMES_BYTES)
        elif picture_begins(data, is_old=self.FrameID == "PIC") is None:
            raise ID3JunkFrameError  # mutagen would read all of it as text, a byte at a time
        super()._readData(header, data)


def _spend(header: Any, purse: str, size_bytes: int, most_bytes: int) -> None:
    """Count what frames of a tag took so far; one that takes too much is junk."""
    spent = getattr(header, purse, 0) + size_bytes
    setattr(header, purse, spent)
    if spent > most_bytes:
        raise ID3JunkFrameError


class _UnwantedFrame(Frame):
    """A frame of which nothing is told; mutagen must know it to guess how sizes are written."""

    @classmethod
    def _fromData(cls, _header: Any, _flags: int, _data: bytes) -> Any:  # noqa: N802  # mutagen's
        raise ID3JunkFrameError


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


def _known(name: str, kind: type[Frame]) -> type[Frame]:
    modern = kind.__mro__[1].__name__ if len(name) == 3 else name
    wanted = _BoundedFrame if modern in _WANTED_FRAMES else _UnwantedFrame
    return type(name, (wanted, kind), {})


_PICTURE_FRAMES = ("APIC", "PIC")
_DATE_FRAMES = ("TYER", "TDAT", "TIME")
_SPECIAL_FRAMES = ("TXXX", "TCON", "COMM", "WCOP", "WXXX", "UFID", "RVA2", "APIC")
_WANTED_FRAMES = frozenset((*ID3_TEXTS, *_SPECIAL_FRAMES, *_DATE_FRAMES))
"""All that `_take_id3` looks at, and what mutagen makes a date of."""

_KNOWN_FRAMES = {name: _known(name, kind) for name, kind in (Frames_2_2 | Frames).items()}


class _BoundedID3(ID3):
    """A tag of which no more frames are read than a tag may have."""

    def _read(self, header: Any, data: bytes) -> Any:
        version = header.version[1]
        data = data[:_MAX_ID3_BYTES]
        end = frames_end(data, version)
        if header.f_unsynch and version < 4:
            end = min(end, frames_end(_desynchronised(data), version))
        return super()._read(header, data[:end])


def _read_id3(file: BinaryIO, found: TagFindings) -> None:
    tag = _BoundedID3(file, known_frames=_KNOWN_FRAMES)
    _take_id3(tag, found)


def _read_id3_chunk(file: BinaryIO, container: str, found: TagFindings) -> None:
    chunk = find_id3(file, container)
    if chunk is not None:
        _read_id3(io.BytesIO(chunk.read(file, _MAX_ID3_BYTES)), found)


def _take_id3(tag: Any, found: TagFindings) -> None:
    for frame in tag.values():
        name = frame.FrameID
        if name in ID3_TEXTS:
            _add_all(found, ID3_TEXTS[name], frame.text)
        else:
            _take_id3_special(name, frame, found)


def _take_id3_special(name: str, frame: Any, found: TagFindings) -> None:
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


def _take_rva2(frame: Any, found: TagFindings) -> None:
    """Source: ID3v2.4 4.11. The master channel (1) only; "album" is a convention of its users."""
    if frame.channel == 1:
        is_album = frame.desc.lower() == "album"
        found.add(Field.ALBUM_GAIN if is_album else Field.TRACK_GAIN, f"{frame.gain:.6f}")
        if frame.peak:
            found.add(Field.ALBUM_PEAK if is_album else Field.TRACK_PEAK, f"{frame.peak:.6f}")


def _read_ape(file: BinaryIO, found: TagFindings) -> None:
    for key, value in APEv2(file).items():
        kind = APE_PICTURES.get(key.lower())
        if kind is not None and isinstance(value.value, bytes):
            found.add_picture(value.value.partition(b"\0")[2], "", kind)  # behind its file's name
        elif (field := free_name(key)) is not None and isinstance(value.value, str):
            _add_all(found, field, value.value.split("\0"))


def _read_flac(file: BinaryIO, found: TagFindings) -> None:
    reader = _load(FLAC, file)
    if reader.tags is not None:
        _take_comments(reader.tags, found)
    for picture in reader.pictures:
        found.add_picture(picture.data, picture.mime, picture.type)


def _read_ogg(file: BinaryIO, found: TagFindings) -> None:
    for kind in (OggVorbis, OggOpus, OggFLAC, OggSpeex):
        reader = _load(kind, file)
        if reader.tags is not None:
            _take_comments(reader.tags, found)
            return


def _take_comments(comments: Iterable[tuple[str, str]], found: TagFindings) -> None:
    """Take Vorbis comments. A picture stands among them as base64, which mutagen leaves alone."""
    for key, text in comments:
        match key.lower():
            case "metadata_block_picture":
                _take_picture_block(decode_base64(text), found)
            case "coverart":  # the older way: the picture alone
                found.add_picture(decode_base64(text), "", _FRONT_COVER)
            case name if (field := free_name(name)) is not None:
                found.add(field, text)


def _take_picture_block(block: bytes, found: TagFindings) -> None:
    picture = parse_block(block)
    if picture is not None:
        found.add_picture(*picture)


def _read_ogg_flac_pictures(file: BinaryIO, found: TagFindings) -> None:
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


def _read_mp4(file: BinaryIO, found: TagFindings) -> None:
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


def _add_number(found: TagFindings, field: Field, number: int) -> None:
    if number > 0:  # MP4 writes 0 for "not stated"
        found.add(field, str(number))


def _add_all(found: TagFindings, field: Field, texts: Iterable[object]) -> None:
    for text in texts:
        found.add(field, str(text))
