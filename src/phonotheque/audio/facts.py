"""All facts of one file, read in this process. The order of readers lives here.

Laws: bad bytes never raise, they make a file unreadable with a reason; tags are read whether the
sound can be decoded or not; an error of the disk is no fact about the file and is passed on.

Called in a limited child (`phonotheque.audio.isolate`) for anything that came from outside:
a decoder can still crash, loop or eat memory, and only a process's end contains that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from phonotheque.audio.containers import sniff_file
from phonotheque.audio.tag_values import clean
from phonotheque.audio.tags import read_tags
from phonotheque.audio.technical import read_technical, read_with_sndfile
from phonotheque.errors import MalformedError
from phonotheque.music.facts import AudioFacts, Readability, Tags, Technical

_NO_CONTAINER = "its bytes begin no audio container that is known here"


def read_facts(file: BinaryIO) -> AudioFacts:
    """Return everything the file says about itself.

    Args:
        file: Seekable; read from its beginning; its position is moved.

    Raises:
        OSError: The disk failed and no library hid it (`facts_in_child` notices every failure).
    """
    return _read(file, read_technical)


def read_facts_by_sndfile(file: BinaryIO) -> AudioFacts:
    """Return the facts without FFmpeg: for files on which it died."""
    return _read(file, read_with_sndfile)


def read_facts_of_tags(file: BinaryIO) -> AudioFacts:
    """Return the tags alone: for files on which both decoders died."""
    return _read(file, _decode_nothing)


def _read(file: BinaryIO, read_sound: Callable[[BinaryIO, str], Technical]) -> AudioFacts:
    tags = Tags()
    try:
        container = sniff_file(file)
        if container is None:
            return AudioFacts(Readability.UNREADABLE, reason=_NO_CONTAINER)
        tags = read_tags(file, container)
        return AudioFacts(Readability.READABLE, read_sound(file, container), tags)
    except MalformedError as error:
        return AudioFacts(Readability.UNREADABLE, tags=tags, reason=clean(error.wrong))
    except MemoryError:
        return AudioFacts(
            Readability.UNREADABLE, tags=tags, reason="reading it takes more memory than is allowed"
        )


def _decode_nothing(_file: BinaryIO, _container: str) -> Technical:
    raise MalformedError("audio", "no decoder was tried", "The bytes are kept.")
