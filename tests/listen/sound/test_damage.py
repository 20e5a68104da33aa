"""What is damaged or missing here is never heard; what is whole beside it is."""

from __future__ import annotations

import hashlib
import os

import pytest
from tests.cli.phono import damage

from listen.door import open_on_loopback
from phonotheque.archive.listening.proving import Proof, ProvenFile
from phonotheque.errors import DigestMismatchError, TruncatedError
from phonotheque.store.digests import digest_file


def _flip(at):
    def change(data):
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]

    return change


@pytest.mark.parametrize(
    "change",
    [_flip(0), _flip(2_000_000), _flip(-1 + 2_097_153), lambda data: data[:-1],
     lambda data: data + b"x"],
    ids=["first", "second piece", "last piece", "shorter", "longer"],
)  # fmt: skip
def test_no_changed_byte_is_sent(own, change):
    """Whichever byte is another: all that is sent is what was received, or it is 503 or cut off."""
    whole = own.data("long.wav")
    damage(own.path("long.wav"), change)
    path = f"/sound/{own.gid('long.wav')}"
    with open_on_loopback(own.root) as door:
        sent = []
        for start in range(0, len(whole), 500_000):
            end = min(start + 500_000, len(whole))
            answer = door.get(f"{path}?form=original", Range=f"bytes={start}-{end - 1}")
            assert answer.status in (206, 503)
            if answer.status == 206:
                assert answer.body == whole[start:end]
            else:
                assert answer.json["error"] == "not-whole"
                assert "retry-after" in answer.headers
            sent.append(answer.status)
        assert 503 in sent


def test_a_file_that_is_gone_is_told_and_another_form_is_tried(own):
    """503 with the reason for the original; an access copy that was made before still plays."""
    path = f"/sound/{own.gid('short.flac')}"
    with open_on_loopback(own.root) as door:
        copy = door.get(f"{path}?form=opus")
        assert copy.status == 200
        os.unlink(own.path("short.flac"))
        gone = door.get(f"{path}?form=original")
        assert gone.status == 503
        assert "no such file" in gone.json["wrong"]
        heard = door.get(path)
        assert (heard.status, heard.body) == (200, copy.body)
        assert heard.headers["x-sound-form"] == "opus"


def test_what_was_repaired_is_heard_again(own):
    """A file that is another one than the one found damaged is tried."""
    whole, path = own.data("short.flac"), f"/sound/{own.gid('short.flac')}?form=original"
    damage(own.path("short.flac"), _flip(100))
    with open_on_loopback(own.root) as door:
        assert [door.get(path).status for _ in range(2)] == [503, 503]
        file = own.path("short.flac")
        new = file.with_suffix(".new")
        new.write_bytes(whole)
        new.replace(file)
        assert door.get(path).body == whole


# -- proving alone ----------------------------------------------------------------------------


def _proven(path, *, has_layer=True):
    with path.open("rb", buffering=0) as file:
        known = digest_file(file)
    layer = known.layer if has_layer else None
    proof = Proof(known.sha256, known.size_bytes, known.pieces_root, layer)
    return lambda: ProvenFile("it", path.open("rb", buffering=0), proof)


@pytest.mark.parametrize("has_layer", [True, False])
@pytest.mark.parametrize("size_bytes", [1, 16_385, 1 << 20, (1 << 20) + 1, 3_000_000])
def test_what_is_read_is_what_lies_there(tmp_path, size_bytes, has_layer):
    """For files of one piece and of more, with the nodes of pieces known or lost."""
    data = hashlib.shake_128(b"x").digest(size_bytes)
    path = tmp_path / "it"
    path.write_bytes(data)
    file = _proven(path, has_layer=has_layer)()
    for begin, end in ((0, size_bytes), (0, 1), (size_bytes // 2, size_bytes), (3, 3)):
        assert file.read(begin, end) == data[begin:end]
        assert file.at_hand(begin, end) in (None, data[begin:end])
    assert file.is_proven
    file.close()


def test_only_the_pieces_that_are_read_are_proven(tmp_path):
    """A damaged end does not keep the beginning from being heard, and is found when it is read."""
    path = tmp_path / "it"
    path.write_bytes(bytes(3_000_000))
    opened = _proven(path)
    path.write_bytes(_flip(2_999_999)(bytes(3_000_000)))
    file = opened()
    assert file.read(0, 2_000_000) == bytes(2_000_000)
    with pytest.raises(DigestMismatchError):
        file.read(2_500_000, 2_500_001)
    with pytest.raises(DigestMismatchError):
        file.prove()
    file.close()
    path.write_bytes(bytes(2_999_999))
    with pytest.raises(TruncatedError):
        opened()
