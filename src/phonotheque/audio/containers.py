"""Which container a file is, told from its bytes and never from its name.

Laws: a name is a claim and a magic number a fact, so nothing here looks at a name; text (playlists,
scripts for a demuxer, pages) is no container; at most 64 KiB behind the ID3v2 tags are looked at.

Not here: whether the sound inside can be decoded (`phonotheque.audio.technical`).
"""

from __future__ import annotations

from typing import BinaryIO

from phonotheque.audio.id3 import HEADER_BYTES, tag_bytes
from phonotheque.audio.mpeg import has_frames, parse_header

CONTAINERS = ("mp3", "flac", "ogg", "mp4", "wavpack", "wav", "rf64", "w64", "aiff", "dsf")
"""Every container that is read. Anything else is kept as bytes and called unreadable."""

_EXTENSIONS = """
3ga aa aac aax ac3 aif aifc aiff alac amr ape au awb bwf caf dff dsf dts eac3 ec3 f4a flac gsm it
kar m2a m4a m4b m4p m4r mid midi mka mlp mod mp+ mp1 mp2 mp3 mp4 mpa mpc mpga oga ogg oggflac opus
qcp ra rf64 s3m shn snd spx tak thd tta voc vqf w64 wav wave weba webma wma wv xm
"""
AUDIO_EXTENSIONS = frozenset(_EXTENSIONS.split())
"""Extensions, lower case and without the dot, of files that are deposited for their sound.

They tell "audio" from "companion" only. Many (ape, mpc, wma, xm, mid) have no reader here: such a
file is kept, described as unreadable, and waits for a reader. "mp4" stands here because netlabels
use it for sound; playlists ("m3u", "pls", "ram") do not.
"""

W64_RIFF = bytes.fromhex("726966662e91cf11a5d628db04c10000")
W64_WAVE = bytes.fromhex("77617665f3acd3118cd100c04f8edb8a")
"""GUIDs that open a Wave64 file. Source: Sonic Foundry, "Sony Wave64 File Format"."""

_MAX_ID3_TAGS = 8  # some taggers stack tags; more than a few is an attack
_SCAN_BYTES = 64 * 1024
_FRAMES_IN_A_ROW = 3  # in 64 KiB of noise two meet once in 1,000 files, three in 10 million

_NOT_SOUND_BRANDS = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis")
)


def sniff(head: bytes) -> str | None:
    """Name the container that begins with `head`.

    Args:
        head: The first bytes of a file; 64 are enough when no ID3v2 tag stands in front.

    Returns:
        One of `CONTAINERS`, or None when the bytes are something else, or when the sound begins
        beyond `head` (behind a long ID3v2 tag: ask `sniff_file`).
    """
    skip = 0
    for _ in range(_MAX_ID3_TAGS):
        length = tag_bytes(head[skip : skip + HEADER_BYTES])
        if not length:
            break
        skip += length
    rest = head[skip:] if skip else head
    if skip:  # only these two are ever written behind an ID3v2 tag
        return "flac" if rest[:4] == b"fLaC" else "mp3" if parse_header(rest) else None
    return _magic(rest) or ("mp3" if parse_header(rest) else None)


def sniff_file(file: BinaryIO) -> str | None:
    """Name the container of `file`, looking behind ID3v2 tags of any length.

    Args:
        file: Seekable; its position is moved.

    Returns:
        One of `CONTAINERS`, or None.
    """
    start = skip_id3(file)
    file.seek(start)
    head = file.read(_SCAN_BYTES)
    if start and head[:4] != b"fLaC" and _magic(head) is not None:
        return None
    return sniff(head) or ("mp3" if has_frames(head, _FRAMES_IN_A_ROW) else None)


def skip_id3(file: BinaryIO) -> int:
    """Return how many bytes of ID3v2 tags stand in front. Moves the position of `file`."""
    start = 0
    for _ in range(_MAX_ID3_TAGS):
        file.seek(start)
        length = tag_bytes(file.read(HEADER_BYTES))
        if not length:
            break
        start += length
    return start


def _magic(head: bytes) -> str | None:
    form = head[8:12]
    match head[:4]:
        case b"fLaC":
            return "flac"
        case b"OggS":
            return "ogg"
        case b"wvpk":
            return "wavpack"
        case b"DSD ":
            return "dsf"
        case b"RIFF" | b"RIFX" if form == b"WAVE":
            return "wav"
        case b"RF64" | b"BW64" if form == b"WAVE":
            return "rf64"
        case b"FORM" if form in (b"AIFF", b"AIFC"):
            return "aiff"
        case b"riff" if head[:16] == W64_RIFF and head[24:40] == W64_WAVE:
            return "w64"
    if head[4:8] == b"ftyp" and form not in _NOT_SOUND_BRANDS:
        return "mp4"
    return None
