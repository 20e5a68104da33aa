"""Whether the sound of a file is whole, damaged (and where), or cannot be told (and why).

That FFmpeg decodes a file says little: it steps over bad Ogg pages and plays bad MP3 frames without
a word. So the container is examined first, by its own checksums, numbers and lengths (`examine`),
then weighed with what the one decode of the file saw (`judge`). Both never raise on bad bytes.

Memory is bounded whatever the size (at most 32 MB), work is linear in it. Call from a limited child
all the same: the bytes are a stranger's.
"""

from __future__ import annotations

from typing import BinaryIO

from phonotheque.audio.decoded import Decoded
from phonotheque.audio.integrity.chunks import examine_chunks
from phonotheque.audio.integrity.examined import Cover, Examined
from phonotheque.audio.integrity.flac import examine_flac, locate_in_flac
from phonotheque.audio.integrity.judgement import DECODER_OPTIONS, judge
from phonotheque.audio.integrity.mp3 import examine_mp3
from phonotheque.audio.integrity.mp4 import examine_mp4
from phonotheque.audio.integrity.ogg import examine_ogg
from phonotheque.audio.integrity.wavpack import examine_wavpack

__all__ = ["DECODER_OPTIONS", "Cover", "Examined", "examine", "judge", "locate"]

_EXAMINERS = {
    "mp3": examine_mp3,
    "flac": examine_flac,
    "ogg": examine_ogg,
    "mp4": examine_mp4,
    "wavpack": examine_wavpack,
}


def examine(file: BinaryIO, container: str, codec: str) -> Examined:
    """Examine the container of a file, without decoding it.

    Args:
        file: Seekable; its position is moved; read forward, in blocks of up to 4 MiB.
        container: One of `phonotheque.audio.CONTAINERS`, as sniffed.
        codec: FFmpeg's name of the codec, "" when nobody knows.

    Raises:
        OSError: The disk failed.
    """
    examiner = _EXAMINERS.get(container)
    return examiner(file, codec) if examiner else examine_chunks(file, container, codec)


def locate(file: BinaryIO, examined: Examined, decoded: Decoded | None) -> Examined:
    """Look for the place of damage that only a checksum of the whole shows; else return `examined`.

    A FLAC whose MD5 differs, or that nothing decoded, is walked frame by frame. Cost: nothing for
    all else; about 200 MB/s for those. Call between `examine` and `judge`, after decoding.
    """
    if examined.container != "flac" or examined.cover is not Cover.MD5 or examined.damaged_places:
        return examined
    if decoded is not None and decoded.samples_md5 == examined.stored_md5:
        return examined
    return locate_in_flac(file, examined)
