"""The verdict: a table of what the container says against what the decoder saw."""

import hashlib
import io

import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from tests.audio.integrity.files import SECONDS, decoded, verdict, whole

from phonotheque.audio.integrity import Cover, Examined, judge
from phonotheque.music.facts import Technical
from phonotheque.music.sound import DAMAGE_LISTED, Damage, IntegrityVerdict

MS = int(SECONDS * 1000)
TORN = Examined("ogg", "vorbis", Cover.CHECKSUM, damage=(Damage("x", 5),), damaged_places=1)


def _flac_md5() -> bytes:
    samples, _ = soundfile.read(io.BytesIO(whole("flac")), dtype="int16")
    return hashlib.md5(samples.astype("<i2").tobytes()).digest()


@pytest.mark.parametrize(
    ("cover", "failures", "verdict_of_it"),
    [
        (Cover.CHECKSUM, 0, IntegrityVerdict.WHOLE),
        (Cover.CHECKSUM, 2, IntegrityVerdict.UNKNOWN),
        (Cover.LENGTH, 0, IntegrityVerdict.WHOLE),
        (Cover.LENGTH, 2, IntegrityVerdict.DAMAGED),
        (Cover.NONE, 0, IntegrityVerdict.UNKNOWN),
        (Cover.NONE, 2, IntegrityVerdict.DAMAGED),
        (Cover.MD5, 0, IntegrityVerdict.UNKNOWN),
    ],
)
def test_the_table_of_verdicts(
    cover: Cover, failures: int, verdict_of_it: IntegrityVerdict
) -> None:
    """What is covered decides what a decoder's failure means, and every unknown has a reason."""
    doubt = "it has none" if cover is Cover.NONE else ""
    found = Examined("wav", "pcm_s16le", cover, ("a",), doubt=doubt, stored_md5=None)
    got = judge(found, decoded(1000, failures=failures), None)
    assert got.verdict is verdict_of_it
    assert bool(got.reason) is (got.verdict is IntegrityVerdict.UNKNOWN)
    assert got.damaged_places == (failures if verdict_of_it is IntegrityVerdict.DAMAGED else 0)


def test_damage_in_the_container_is_damage_whatever_decodes() -> None:
    """A decoder that is content does not make a torn file whole, nor does one that is absent."""
    for seen in (None, decoded(1000), decoded(1000, failures=3)):
        assert judge(TORN, seen, None).verdict is IntegrityVerdict.DAMAGED


def test_the_md5_of_the_samples_decides() -> None:
    """A FLAC is whole when the MD5 agrees, damaged when not, unknown when nobody computed it."""
    md5 = whole("flac")[26:42]
    head = Examined("flac", "flac", Cover.MD5, stored_md5=md5)
    assert judge(head, decoded(MS, md5), None).verdict is IntegrityVerdict.WHOLE
    assert judge(head, decoded(MS, md5, failures=1), None).verdict is IntegrityVerdict.WHOLE
    assert judge(head, decoded(MS, bytes(16)), None).verdict is IntegrityVerdict.DAMAGED
    assert judge(head, None, None).verdict is IntegrityVerdict.UNKNOWN


def test_a_flac_that_nothing_decoded_is_proven_by_its_frames() -> None:
    """Where no decoder compared the MD5, the checksums of the frames cover the sound."""
    assert verdict(whole("flac")).verdict is IntegrityVerdict.WHOLE
    assert verdict(whole("flac")[:-50]).verdict is IntegrityVerdict.DAMAGED


@pytest.mark.parametrize(
    ("declared_ms", "decoded_ms", "is_damaged"),
    [
        (10_000, 9_501, False),
        (10_000, 9_499, True),
        (100_000, 99_001, False),
        (100_000, 98_999, True),
        (10_000, 20_000, False),
        (None, 5, False),
    ],
)
def test_lengths_come_out_within_half_a_second_or_one_percent(
    declared_ms: int | None,
    decoded_ms: int,
    is_damaged: bool,  # noqa: FBT001
) -> None:
    """A stated length must come out within 0.5 s or 1 %; more is no loss, none is no statement."""
    found = Examined("mp4", "aac", doubt="no checksum", declared_ms=declared_ms)
    got = judge(found, decoded(decoded_ms), None)
    assert (got.verdict is IntegrityVerdict.DAMAGED) is is_damaged


def test_the_guessed_length_of_an_mp3_is_not_believed() -> None:
    """Without a header frame FFmpeg guesses an MP3's length from its bit rate."""
    found = Examined("mp3", "mp3", doubt="no checksum")
    technical = Technical("mp3", "mp3", duration_ms=100_000)
    assert judge(found, decoded(5000), technical).verdict is IntegrityVerdict.UNKNOWN


def test_a_covered_file_is_not_accused_for_its_length() -> None:
    """Where a checksum covers all sound, another length is the encoder's own."""
    found = Examined("ogg", "vorbis", Cover.CHECKSUM, declared_ms=100_000)
    assert judge(found, decoded(5000), None).verdict is IntegrityVerdict.WHOLE


def test_what_is_weak_says_so() -> None:
    """A verdict that rests on lengths alone says among its checks that no checksum exists."""
    got = verdict(whole("wav"), decoded(MS))
    assert got.verdict is IntegrityVerdict.WHOLE
    assert any("no checksum" in check for check in got.checks)
    assert "checksum" in verdict(whole("aac"), decoded(MS)).reason


@given(
    places=st.lists(st.one_of(st.none(), st.integers(0, 10**9)), max_size=30),
    failures=st.integers(0, 40),
)
def test_damage_is_listed_in_order_and_counted(places: list[int | None], failures: int) -> None:
    """However much there is, the first places are listed in the order of the file, all counted."""
    ordered = sorted(at for at in places if at is not None)[:DAMAGE_LISTED]
    found = Examined(
        "mp4", "aac", damage=tuple(Damage("x", at) for at in ordered), damaged_places=len(ordered)
    )
    seen = decoded(1000, failures=min(failures, DAMAGE_LISTED))
    got = judge(found, seen, None)
    listed = [one.at_byte for one in got.damage]
    assert listed == sorted(listed, key=lambda at: (at is None, at or 0))
    assert got.damaged_places == len(ordered) + min(failures, DAMAGE_LISTED)
    assert len(listed) == min(DAMAGE_LISTED, got.damaged_places)


def test_the_md5_of_a_real_file_is_that_of_its_samples() -> None:
    """What `examine` reads from STREAMINFO is the MD5 of the samples that were encoded."""
    found = verdict(whole("flac"), decoded(MS, _flac_md5()))
    assert found.verdict is IntegrityVerdict.WHOLE
    assert "the MD5 of the samples" in found.checks
