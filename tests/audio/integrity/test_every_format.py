"""What holds of every format: whole is never called damaged, cuts are seen, traps are bounded."""

import io
import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.audio import zoo
from tests.audio.integrity import files
from tests.audio.integrity.files import NAMES, CountingFile, examined, examined_as, whole

from phonotheque.audio import CONTAINERS
from phonotheque.audio.integrity import Cover, examine
from phonotheque.music.sound import DAMAGE_LISTED

BEST = {"mp3 without header": Cover.NONE, "wavpack": Cover.NONE, "aac": Cover.NONE}
BEST |= {"alac": Cover.NONE, "flac": Cover.MD5, "flac 24": Cover.MD5}
BEST |= dict.fromkeys(files.PLAIN, Cover.LENGTH)


@pytest.mark.parametrize("name", NAMES)
def test_what_an_encoder_wrote_is_whole(name: str) -> None:
    """A file as it left its encoder has no damage, and the cover that its format can give."""
    found = examined(whole(name))
    assert (found.damage, found.damaged_places) == ((), 0)
    assert found.cover is BEST.get(name, Cover.CHECKSUM)
    assert bool(found.doubt) is (found.cover is Cover.NONE)
    assert found.checks


@pytest.mark.parametrize("name", zoo.NAMES)
def test_tags_are_no_damage(name: str) -> None:
    """Tags of every kind, before, behind and inside, leave a file whole."""
    specimen = zoo.specimen(name)
    found = examined(specimen.data, specimen.codec)
    assert found.damage == ()


@pytest.mark.parametrize("name", NAMES)
def test_the_length_is_the_one_that_was_encoded(name: str) -> None:
    """Where a container states a length, it is understood to 60 ms (the padding of encoders)."""
    found = examined(whole(name))
    if found.declared_ms is not None:
        seconds = {"rf64": 0.5, "w64": 0.5, "dsf": 0.1857}.get(name, files.SECONDS)
        assert found.declared_ms == pytest.approx(seconds * 1000, abs=60)


@pytest.mark.parametrize("name", NAMES)
def test_every_cut_is_seen(name: str) -> None:
    """Wherever in the sound a file is cut off, the bytes that are left say so by themselves."""
    data, rng = whole(name), random.Random(name)
    behind = {"rf64": 4000, "w64": 8, "dsf": 4000}.get(name, 2)  # tags and padding behind the sound
    for _ in range(25):
        length = rng.randrange(len(data) // 10, len(data) - behind)
        assert files.located_as(name, data[:length]).damage, length


@pytest.mark.parametrize("name", ["vorbis", "opus", "flac in ogg", "mp3", "flac without md5"])
@pytest.mark.parametrize("kind", ["bit", "zeros", "noise", "removed"])
def test_changed_bytes_are_seen(name: str, kind: str) -> None:
    """Where a checksum covers the sound, no change in the middle half stays unseen."""
    data, rng = whole(name), random.Random(f"{name} {kind}")
    for _ in range(20):
        at = rng.randrange(len(data) // 4, len(data) * 3 // 4)
        changed = {
            "bit": data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :],
            "zeros": data[:at] + bytes(4096) + data[at + 4096 :],
            "noise": data[:at] + rng.randbytes(64) + data[at + 64 :],
            "removed": data[:at] + data[at + 512 :],
        }[kind]
        found = examined_as(name, changed)
        assert found.damage, at
        assert len(found.damage) <= min(DAMAGE_LISTED, found.damaged_places)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30)
@given(draw=st.data())
def test_mutants_never_raise(name: str, draw: st.DataObject) -> None:
    """Bytes overwritten, cut and doubled anywhere: an answer comes, and reading stays bounded."""
    data = bytearray(whole(name)[:20_000])
    for _ in range(draw.draw(st.integers(1, 6))):
        at = draw.draw(st.integers(0, max(0, len(data) - 1)))
        patch = draw.draw(st.binary(max_size=40))
        data[at : at + draw.draw(st.sampled_from([0, len(patch), 200]))] = patch
    file = CountingFile(bytes(data))
    container = examined(whole(name)).container
    found = examine(file, container, files.CODECS[container])
    assert len(found.damage) <= DAMAGE_LISTED
    assert file.read_bytes <= 40 * len(data) + 100_000


@given(st.binary(max_size=400), st.sampled_from(CONTAINERS))
def test_noise_never_raises(data: bytes, container: str) -> None:
    """Bytes that are no audio at all get an answer, too."""
    examine(io.BytesIO(data), container, "")


HOSTILE = {
    "ogg": (b"OggS\0" + bytes(21) + b"\xff" + b"\xff" * 3, "ogg"),
    "ogg, shortest": (b"OggS\0" + bytes(21) + b"\0", "ogg"),
    "mp3, headers without frames": (b"\xff\xfb\x90\x00", "mp3"),
    "mp3, sync only": (b"\xff", "mp3"),
    "mp3, tags without end": (b"ID3\x04\0\0\0\0\0\0", "mp3"),
    "wavpack": (b"wvpk\x18\0\0\0\x07\x04" + bytes(22), "wavpack"),
    "mp4": (b"\0\0\0\x08free", "mp4"),
    "mp4, nested": (b"\x7f\0\0\0trak", "mp4"),
    "wav": (b"RIFF\0\0\0\0WAVEdata\0\0\0\0", "wav"),
    "wav, empty chunks": (b"junk\0\0\0\0", "wav"),
    "flac": (b"fLaC\x84\0\0\0", "flac"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_work_is_linear_in_the_file(name: str) -> None:
    """A file made of one trap over and over is read at most a few times, four times as long or not.

    What was read is counted, not the clock.
    """
    seed, container = HOSTILE[name]
    costs = []
    for size in (500_000, 2_000_000):
        file = CountingFile(_head(container) + seed * (size // len(seed)))
        examine(file, container, "")
        costs.append(file.read_bytes)
    assert costs[1] <= 4.5 * costs[0] + (4 << 20)
    assert costs[1] <= 12 * 2_000_000 + (4 << 20)


def _head(container: str) -> bytes:
    heads = {
        "wav": b"RIFF\0\0\0\0WAVE",
        "mp3": whole("mp3")[:4000],
        "flac": b"fLaC\x00\0\0\x22" + bytes(34),
    }
    return heads.get(container, b"")


@pytest.mark.parametrize("name", ["vorbis", "mp3", "flac without md5", "wavpack"])
def test_memory_does_not_grow_with_the_file(name: str) -> None:
    """Twenty megabytes of sound are examined with less than 16 MB beside them."""
    data = whole(name)
    file = io.BytesIO(data + data[len(data) // 2 :] * (40_000_000 // len(data)))
    container = examined(data).container
    tracemalloc.start()
    examine(file, container, files.CODECS[container])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20
