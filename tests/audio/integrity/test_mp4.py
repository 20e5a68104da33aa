"""The boxes of an MP4: however they lie about their lengths, the walk stays short."""

import io

import pytest
from tests.zoo.bricks import box

from phonotheque.audio.integrity import examine
from phonotheque.audio.integrity.window import Window

FAR = 0x7FFFFFFF


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Where every small read of a walk begins."""
    places: list[int] = []
    read = Window.read

    def noted(self: Window, at: int, count: int) -> bytes:
        places.append(at)
        return read(self, at, count)

    monkeypatch.setattr(Window, "read", noted)
    return places


def test_boxes_that_reach_out_of_each_other_are_walked_once(reads: list[int]) -> None:
    """Boxes that claim to hold all that follows them do not multiply: work grows with the file."""
    costs = []
    for count in (100, 400):
        reads.clear()
        tracks = box(b"trak", box(b"mdia", b"", size=FAR)) * count
        media = box(b"minf", box(b"stbl", b"", size=FAR)) * count
        data = box(b"ftyp", b"M4A \0\0\0\0") + box(b"moov", tracks + media)
        examine(io.BytesIO(data), "mp4", "aac")
        costs.append(len(reads))
    assert costs[1] <= 4.5 * costs[0]
    assert costs[1] <= 400 * 8
