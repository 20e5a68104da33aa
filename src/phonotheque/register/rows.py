"""The JSON that stands in rows of the index, read.

Law: whatever is wrong with it is said by one error of the decoder. A call of ours that goes too
deep stays what it is: a programming mistake, and no damage of the index.

Not here: which rows there are (`schema`), what damage means (`index_file.refusals`).
"""

from __future__ import annotations

from typing import Any, TypeVar, overload

import msgspec

T = TypeVar("T")


@overload
def decode_row(body: bytes | str, kind: type[T]) -> T:
    """Of one kind."""


@overload
def decode_row(body: bytes | str, kind: Any) -> Any:
    """Of one of several kinds."""


def decode_row(body: bytes | str, kind: Any) -> Any:
    """Read what a row says of one thing.

    Raises:
        msgspec.DecodeError: It cannot be read; also where it is nested deeper than can be read.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except RecursionError as error:
        raise msgspec.DecodeError("it is nested too deep") from error
