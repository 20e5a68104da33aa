"""Rows of a spreadsheet as columns of text, whatever they were written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Numbers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Texts:
    """Rows of one stretch of a file.

    Attributes:
        columns: Texts of the wanted columns, null where nothing is written.
        lines: Number of the line at which each row begins.
        raw: Each row as it is written.
    """

    columns: Mapping[str, pa.Array]
    lines: Numbers
    raw: pa.Array

    def __len__(self) -> int:
        return len(self.lines)


def lines_of(data: bytes) -> pa.Array:
    """Return the lines of a stretch as texts, without their ends; the bytes are not copied."""
    view = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(view == ord("\n"))
    if len(view) and view[-1] != ord("\n"):
        ends = np.append(ends, len(view))
    begins = np.concatenate([[0], ends[:-1] + 1]).astype(np.int64)[: len(ends)]
    if not (view == ord("\r")).any():
        # A text's end would be the next one's beginning: with one byte between them the texts are
        # cut from a copy in which the ends of lines are left out.
        kept = data.replace(b"\n", b"")
        offsets = np.concatenate([begins - np.arange(len(begins)), [len(kept)]]).astype(np.int32)
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(kept)]
        return pa.Array.from_buffers(pa.string(), len(begins), buffers)
    texts = [line.removesuffix(b"\r").decode() for line in data.removesuffix(b"\n").split(b"\n")]
    return pa.array(texts if data else [], pa.string())
