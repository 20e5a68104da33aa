"""Literals packed with Zstandard, primed with bytes that both sides have.

A prefix is to a frame what the text before it would be: what is found there costs a few bytes. A
frame is stored without its magic number, its length and a checksum: the patch has all three.

Source: RFC 8878 (Zstandard), 3.1.1; zstd's `ZSTD_CCtx_refPrefix`. A dictionary of raw content would
not do: it fails beyond its match range, where a prefix does not.
"""

from __future__ import annotations

import base64
import hashlib
import sys
from collections.abc import Callable, Sequence

from phonotheque.dress.ogg_pages import Bytes
from phonotheque.dress.patch_form import (
    MAX_PREFIX_BYTES,
    CopyRange,
    ObjectForm,
    ObjectRange,
    Patch,
    broken,
)
from phonotheque.errors import NotHeldError
from phonotheque.music.digest import Sha256

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FindObject = Callable[[Sha256], bytes | None]
"""Returns the bytes of an object, or None when it is not held."""

_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_MAX_WINDOW_LOG = MAX_PREFIX_BYTES.bit_length() - 1
_SHORTEST_PREFIX_BYTES = 8  # zstd takes no shorter one
_FAR_BYTES = 1 << 20  # beyond this, matches far apart have to be looked for on purpose
_Level = zstd.CompressionParameter


def pack(literals: bytes, prefix: bytes, level: int) -> tuple[bool, bytes]:
    """Return whether it pays to compress, and the literals as they are to be stored."""
    span = len(prefix) + len(literals)
    options: dict[int, int] = {
        _Level.compression_level: level,
        _Level.content_size_flag: 0,
        _Level.checksum_flag: 0,
        _Level.dict_id_flag: 0,
    }
    if span > _FAR_BYTES:
        options[_Level.window_log] = min(_MAX_WINDOW_LOG, span.bit_length())
        options[_Level.enable_long_distance_matching] = 1
    dictionary = zstd.ZstdDict(prefix, is_raw=True).as_prefix if prefix else None
    frame = zstd.compress(literals, options=options, zstd_dict=dictionary)
    packed = frame[len(_ZSTD_MAGIC) :]
    return (True, packed) if len(packed) < len(literals) else (False, literals)


def unpack(patch: Patch, prefix: bytes) -> bytes:
    """Return the literals of a patch.

    Cost: at most their stated length and a window of 128 MiB.

    Raises:
        MalformedError: The frame is damaged, or holds another length than the patch says.
    """
    if not patch.is_compressed:
        return patch.packed
    dictionary = zstd.ZstdDict(prefix, is_raw=True).as_prefix if prefix else None
    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _MAX_WINDOW_LOG}
    try:
        unpacker = zstd.ZstdDecompressor(zstd_dict=dictionary, options=options)
        literals = unpacker.decompress(_ZSTD_MAGIC + patch.packed, patch.literal_bytes + 1)
    except zstd.ZstdError as error:
        raise broken(f"its literals cannot be unpacked ({error})") from error
    if len(literals) != patch.literal_bytes or not unpacker.eof or unpacker.unused_data:
        raise broken("its literals have another length than it says")
    return literals


def prefix_of(
    parts: Sequence[CopyRange | ObjectRange], copy: Bytes, find_object: FindObject
) -> bytes:
    """Put a prefix together.

    Raises:
        MalformedError: It is too short to be one.
        NotHeldError: An object in it is not held, or its bytes are others.
    """
    made = []
    for part in parts:
        if isinstance(part, ObjectRange):
            made.append(object_text(_held(part, find_object), part.form))
        else:
            made.append(bytes(copy[part.offset : part.offset + part.size_bytes]))
    prefix = b"".join(made)
    if parts and len(prefix) < _SHORTEST_PREFIX_BYTES:
        raise broken("its prefix is too short")
    return prefix


def object_text(data: bytes, form: ObjectForm) -> bytes:
    """An object's bytes in the form in which they stand in an original.

    Base64 goes by groups of three bytes: the text of a picture depends on how many bytes stand in
    front of it. What is left of a group that began before is not told.
    """
    match form:
        case ObjectForm.PLAIN:
            return data
        case ObjectForm.BASE64:
            return base64.b64encode(data)
        case ObjectForm.BASE64_BEHIND_1:
            return base64.b64encode(data[2:])
        case ObjectForm.BASE64_BEHIND_2:
            return base64.b64encode(data[1:])


def _held(part: ObjectRange, find_object: FindObject) -> bytes:
    data = find_object(part.sha256)
    if data is None:
        raise NotHeldError(
            part.sha256.hex, "the patch needs this picture", "Bring it, then run again."
        )
    if len(data) != part.size_bytes or hashlib.sha256(data).digest() != part.sha256.raw:
        raise NotHeldError(
            part.sha256.hex, "its bytes are not those of its name", "Run `phono verify`."
        )
    return data
