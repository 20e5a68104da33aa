"""Facts and arrays as bytes, for what processes tell one another; pure.

Laws: nothing but numbers, texts and arrays of numbers comes out of bytes, whoever wrote them; what
is no such thing is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from phonotheque.errors import MalformedError

Arrays = dict[str, npt.NDArray[Any]]


class _Array(msgspec.Struct, array_like=True):
    kind: str
    shape: tuple[int, ...]
    data: bytes


class _Packed(msgspec.Struct, array_like=True):
    facts: dict[str, Any]
    arrays: dict[str, _Array]


_decoder = msgspec.msgpack.Decoder(_Packed)


def pack(facts: dict[str, Any], arrays: Arrays) -> bytes:
    """Return facts (as JSON has them) and arrays as bytes."""
    packed = {
        name: _Array(array.dtype.newbyteorder("<").str, array.shape, _little(array).tobytes())
        for name, array in arrays.items()
    }
    return msgspec.msgpack.encode(_Packed(facts, packed))


def unpack(data: bytes, stream: str) -> tuple[dict[str, Any], Arrays]:
    """Return what was packed.

    Raises:
        MalformedError: These are other bytes.
    """
    with refusing(stream):
        packed = _decoder.decode(data)
        return packed.facts, {name: _array(one) for name, one in packed.arrays.items()}


@contextmanager
def refusing(stream: str) -> Iterator[None]:
    """Refuse what is read in the block, when it is not what was packed.

    Raises:
        MalformedError: It is something else.
    """
    try:
        yield
    except (msgspec.MsgspecError, LookupError, TypeError, ValueError) as error:
        todo = "Something else writes there: give the guard a database of its own."
        raise MalformedError(stream, "it holds an entry that cannot be read", todo) from error


def _array(one: _Array) -> npt.NDArray[Any]:
    kind = np.dtype(one.kind)
    if kind.kind not in "biuf":
        raise ValueError(one.kind)
    return np.frombuffer(one.data, kind).reshape(one.shape)


def _little(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
