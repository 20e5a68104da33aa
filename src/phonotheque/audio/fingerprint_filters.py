"""The sixteen filters of a fingerprint, as rows of a table.

A filter looks at a window of the chroma image (12 notes by some frames), split into two kinds of
area, and compares what is in them; three thresholds turn the result into a number from 0 to 3.
Where the filters lie and what their thresholds are was learnt from music by the author of
Chromaprint: the table is carried over from Chromaprint 1.5.1, algorithm TEST2 (the default, and
the one that AcoustID uses), under this licence:

    Copyright (C) 2010-2016  Lukas Lalinsky

    Permission is hereby granted, free of charge, to any person obtaining a copy of this software
    and associated documentation files (the "Software"), to deal in the Software without
    restriction, including without limitation the rights to use, copy, modify, merge, publish,
    distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
    Software is furnished to do so, subject to the following conditions:

    The above copyright notice and this permission notice shall be included in all copies or
    substantial portions of the Software.

    THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING
    BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
    NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
    DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
    OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.

Source: https://github.com/acoustid/chromaprint, src/fingerprinter_configuration.cpp at v1.5.1.
Not here: using them (`phonotheque.audio.fingerprint`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Shape(Enum):
    """How the window of a filter is split. The value is Chromaprint's number of the filter."""

    WHOLE = 0  # everything, compared with nothing
    UPPER = 1  # the higher notes, compared with the lower
    LATER = 2  # the later frames, compared with the earlier
    CROSS = 3  # earlier high and later low, compared with the other two quarters
    MIDDLE_NOTES = 4  # the middle third of the notes, compared with what surrounds it
    MIDDLE_FRAMES = 5  # the middle third of the frames, compared with what surrounds it


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle in a window of the chroma image. Half-open: the ends are not in it."""

    frame: int
    frame_end: int
    note: int
    note_end: int


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter with its quantizer.

    Attributes:
        shape: How the window is split.
        note: Lowest note of the window, 0 to 11.
        notes: Height of the window in notes.
        frames: Width of the window in frames.
        thresholds: Rising; as many as the result reaches is the number it becomes.
    """

    shape: Shape
    note: int
    notes: int
    frames: int
    thresholds: tuple[float, float, float]

    def areas(self) -> tuple[tuple[Area, ...], tuple[Area, ...]]:
        """Return the areas of the window that count, and those they are compared with."""
        low, high, frames = self.note, self.note + self.notes, self.frames
        half_note, half_frame = low + self.notes // 2, frames // 2
        third_notes, third_frames = self.notes // 3, frames // 3
        match self.shape:
            case Shape.WHOLE:
                return (Area(0, frames, low, high),), ()
            case Shape.UPPER:
                return (Area(0, frames, half_note, high),), (Area(0, frames, low, half_note),)
            case Shape.LATER:
                return (Area(half_frame, frames, low, high),), (Area(0, half_frame, low, high),)
            case Shape.CROSS:
                return (
                    (
                        Area(0, half_frame, half_note, high),
                        Area(half_frame, frames, low, half_note),
                    ),
                    (
                        Area(0, half_frame, low, half_note),
                        Area(half_frame, frames, half_note, high),
                    ),
                )
            case Shape.MIDDLE_NOTES:
                first, last = low + third_notes, low + 2 * third_notes
                return (
                    (Area(0, frames, first, last),),
                    (Area(0, frames, low, first), Area(0, frames, last, high)),
                )
            case Shape.MIDDLE_FRAMES:
                first, last = third_frames, 2 * third_frames
                return (
                    (Area(first, last, low, high),),
                    (Area(0, first, low, high), Area(last, frames, low, high)),
                )


FILTERS = (
    Filter(Shape.WHOLE, 4, 3, 15, (1.98215, 2.35817, 2.63523)),
    Filter(Shape.MIDDLE_NOTES, 4, 6, 15, (-1.03809, -0.651211, -0.282167)),
    Filter(Shape.UPPER, 0, 4, 16, (-0.298702, 0.119262, 0.558497)),
    Filter(Shape.CROSS, 8, 2, 12, (-0.105439, 0.0153946, 0.135898)),
    Filter(Shape.CROSS, 4, 4, 8, (-0.142891, 0.0258736, 0.200632)),
    Filter(Shape.MIDDLE_NOTES, 0, 3, 5, (-0.826319, -0.590612, -0.368214)),
    Filter(Shape.UPPER, 2, 2, 9, (-0.557409, -0.233035, 0.0534525)),
    Filter(Shape.LATER, 7, 3, 4, (-0.0646826, 0.00620476, 0.0784847)),
    Filter(Shape.LATER, 6, 2, 16, (-0.192387, -0.029699, 0.215855)),
    Filter(Shape.LATER, 1, 3, 2, (-0.0397818, -0.00568076, 0.0292026)),
    Filter(Shape.MIDDLE_FRAMES, 10, 1, 15, (-0.53823, -0.369934, -0.190235)),
    Filter(Shape.CROSS, 6, 2, 10, (-0.124877, 0.0296483, 0.139239)),
    Filter(Shape.LATER, 1, 1, 14, (-0.101475, 0.0225617, 0.231971)),
    Filter(Shape.CROSS, 5, 6, 4, (-0.0799915, -0.00729616, 0.063262)),
    Filter(Shape.UPPER, 9, 2, 12, (-0.272556, 0.019424, 0.302559)),
    Filter(Shape.CROSS, 4, 2, 14, (-0.164292, -0.0321188, 0.0846339)),
)
"""From the highest pair of bits of a word to the lowest."""

WIDEST_FRAMES = max(one.frames for one in FILTERS)
"""Frames that one word looks at."""
