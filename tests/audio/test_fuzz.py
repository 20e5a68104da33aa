"""Damaged and hostile files: every one gets its facts, none ends the reader's parent."""

import io
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.audio import zoo
from tests.audio.laws import check

from phonotheque.audio import CONTAINERS, Limits, facts_in_child

EXAMPLES = int(os.environ.get("PHONOTHEQUE_FUZZ_EXAMPLES", "45"))
LIMITS = Limits(cpu_s=20, wall_s=60)
MAGIC = {
    "mp3": b"\xff\xfb\x90\x64",
    "flac": b"fLaC",
    "ogg": b"OggS",
    "mp4": b"\0\0\0\x20ftypM4A ",
    "wavpack": b"wvpk",
    "wav": b"RIFF\xff\xff\xff\xffWAVE",
    "rf64": b"RF64\xff\xff\xff\xffWAVE",
    "w64": zoo.specimen("summary.w64").data[:40],
    "aiff": b"FORM\x7f\xff\xff\xffAIFF",
    "dsf": b"DSD ",
}


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A specimen with a few bytes changed, removed, repeated or cut off, mostly near its front."""
    data = bytearray(zoo.specimen(draw(st.sampled_from(zoo.NAMES))).data)
    for _ in range(draw(st.integers(1, 8))):
        front = draw(st.sampled_from((64, 512, 4096, len(data)))) or 1
        at = draw(st.integers(0, min(front, len(data))))
        match draw(st.integers(0, 4)):
            case 0:
                piece = draw(st.binary(min_size=1, max_size=16))
                data[at : at + len(piece)] = piece
            case 1:
                del data[at : at + draw(st.integers(1, 600))]
            case 2:
                data[at:at] = data[at : at + draw(st.integers(1, 600))]
            case 3:
                data[at : at + 4] = draw(
                    st.sampled_from((b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff"))
                )
            case 4:
                del data[at + draw(st.integers(0, 2000)) :]
    return bytes(data)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=damaged())
def test_damaged_files(data: bytes) -> None:
    """Any damage to any format ends in facts, within the limits, with the parent alive."""
    check(facts_in_child(io.BytesIO(data), LIMITS))


@pytest.mark.parametrize("container", CONTAINERS)
@settings(max_examples=max(1, EXAMPLES // 15), deadline=None)
@given(noise=st.binary(max_size=2000))
def test_noise_behind_a_magic_number(container: str, noise: bytes) -> None:
    """Noise that calls itself a container is read as one and ends in facts."""
    check(facts_in_child(io.BytesIO(MAGIC[container] + noise), LIMITS))
