"""Pictures that stand in the tags of a file, taken out of it whole.

Laws: the file is read in a limited child, and what the child says is believed only when it hashes
to the name of the picture that was asked for; a file that brings the child down has no picture.

Not here: which pictures a file has (`phonotheque.music.facts.Tags`), what is made of them
(`phonotheque.derive.thumbnails`).
"""

from __future__ import annotations

import hashlib
from typing import BinaryIO

import msgspec

from phonotheque.audio import warmth
from phonotheque.audio.attempts import descriptor_of, pass_on
from phonotheque.audio.isolate import run_limited, warm_up
from phonotheque.audio.sandbox import Limits

MAX_PICTURE_BYTES = 64 << 20
"""A longer one is not taken out: no format that is read here gives one room, but for MP4."""

_LIMITS = Limits(result_bytes=MAX_PICTURE_BYTES + 64)


def picture_in_child(file: BinaryIO, sha256: str, limits: Limits = _LIMITS) -> bytes | None:
    """Take a picture out of the tags of a file, in a limited child.

    Args:
        file: A regular file open for reading, or anything readable (copied to a temporary file);
            the position of a regular one is neither used nor moved.
        sha256: Which picture, as `Tags.pictures` names it.
        limits: What the child may use.

    Returns:
        Its bytes; None when it is not there, is too long, or cannot be read.

    Raises:
        UnavailableError: The disk failed under the child, or no process could be started.

    Cost: 10 ms, most of it for the child.
    """
    warm_up()
    with descriptor_of(file) as descriptor:
        outcome = run_limited(
            warmth.picture_of, descriptor, sha256, limits=limits, descriptors=(descriptor,)
        )
    pass_on(outcome)
    if outcome.result is None:
        return None
    try:
        data = msgspec.msgpack.decode(outcome.result, type=bytes | None)
    except (msgspec.DecodeError, ValueError):
        return None
    if data is None or hashlib.sha256(data).hexdigest() != sha256:
        return None
    return data
