"""One decode of a file: what it hashes, counts, notices and survives."""

import io
import struct
from unittest import mock

import av
import numpy as np
import pytest
import soundfile
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from tests.audio import sounds, zoo

from phonotheque.audio import facts_in_child, read_facts
from phonotheque.audio.facts import hear_by_sndfile
from phonotheque.audio.fingerprint import decode_fingerprint
from phonotheque.audio.measure import Wanted, ogg_packets
from phonotheque.audio.measure.parts import BLOCK_VALUES, Parts
from phonotheque.audio.measure.planes import RowReader
from phonotheque.errors import MalformedError
from phonotheque.music.facts import Readability
from phonotheque.music.sound import DAMAGE_LISTED, Loudness

NOTHING = Wanted(*[False] * len(Wanted.__slots__))
MP3 = zoo.encode("libmp3lame", "mp3", "s16p", seconds=5)
ID3V1 = b"TAG" + b"x" * 124 + b"\0"


def ape(data: bytes) -> bytes:
    file = io.BytesIO(data)
    zoo.ape_tag().save(file)
    return file.getvalue()


def payload(data: bytes) -> str:
    sound = read_facts(io.BytesIO(data)).sound
    assert sound is not None
    return sound.payload_sha256


def vorbis(seconds: float, rate_hz: int, channels: int, serial: int) -> bytes:
    """A Vorbis file whose stream has a number of its own."""
    from mutagen.ogg import OggPage

    out = io.BytesIO()
    noise = np.random.default_rng(serial).normal(0, 0.1, (round(seconds * rate_hz), channels))
    soundfile.write(out, noise, rate_hz, format="OGG", subtype="VORBIS")
    file, pages = io.BytesIO(out.getvalue()), []
    while file.tell() < len(out.getvalue()):
        page = OggPage(file)
        page.serial = serial
        pages.append(page.write())
    return b"".join(pages)


class TestSamplesMd5:
    @pytest.mark.parametrize("bits", [8, 12, 16, 20, 24, 32])
    @pytest.mark.parametrize("channels", [1, 2])
    def test_every_width(self, bits: int, channels: int) -> None:
        """The MD5 of decoded samples is the one in STREAMINFO, at every width."""
        rng = np.random.default_rng(bits)
        limit = 1 << (bits - 1)
        samples = rng.integers(-limit, limit, (500, channels))
        samples[:2] = [[-limit], [limit - 1]]
        data, md5 = sounds.flac(samples, bits)
        decoded = sounds.measured(data, "flac").decoded
        assert (decoded.samples, decoded.failure_count) == (500, 0)
        assert decoded.samples_md5 == md5

    def test_across_blocks(self) -> None:
        """It does not depend on how the samples come in blocks; eight channels are no exception."""
        for channels, seconds in ((2, 9), (8, 2)):
            out, noise = io.BytesIO(), zoo.noise(channels, seconds)
            soundfile.write(out, noise, zoo.RATE_HZ, format="FLAC", subtype="PCM_24")
            data = out.getvalue()
            stored = data[data.index(b"fLaC") + 8 :][18:34]
            assert sounds.measured(data, "flac").decoded.samples_md5 == stored

    def test_flac_alone(self) -> None:
        """Nothing else has such a digest."""
        assert sounds.measured(MP3, "mp3").decoded.samples_md5 is None


class TestPayload:
    def test_tags_do_not_matter(self) -> None:
        """Copies that differ in tags and pictures alone have the same payload, in each format."""
        flac = zoo.encode_sndfile("FLAC", "PCM_16", 1)
        wavpack = zoo.encode("wavpack", "wv", "s16p")
        ogg, opus = zoo.encode_sndfile("OGG", "VORBIS", 1), zoo.encode("libopus", "ogg", rate=48000)
        wav = zoo.riff(zoo.chunk(b"fmt ", zoo.fmt_chunk()), zoo.chunk(b"data", zoo.pcm16()))
        tagged_wav = zoo.riff(
            zoo.chunk(b"fmt ", zoo.fmt_chunk()), zoo.INFO, zoo.chunk(b"data", zoo.pcm16()), zoo.INFO
        )
        families = [
            [MP3, zoo.id3_bytes() + MP3, MP3 + ID3V1, ape(MP3), ape(MP3) + ID3V1],
            [flac, zoo.id3_bytes() + flac, flac + ID3V1, ape(flac)],
            [wavpack, ape(wavpack), wavpack + ID3V1],
            [ogg, zoo.tag_comments(OggVorbis, ogg)],
            [opus, zoo.tag_comments(OggOpus, opus)],
            [wav, tagged_wav],
        ]
        names = [{payload(data) for data in family} for family in families]
        assert [len(name) for name in names] == [1] * len(families)
        assert len(set.union(*names)) == len(families)

    @pytest.mark.parametrize(
        "data",
        [
            zoo.encode_sndfile("OGG", "VORBIS", 2),
            zoo.encode("libopus", "ogg", rate=48000),
            zoo.encode("flac", "ogg"),
        ],
    )
    def test_packets_without_a_decoder(self, data: bytes) -> None:
        """Packets read from Ogg by hand hash to what the decoder's packets hash to."""
        assert ogg_packets.payload_sha256(io.BytesIO(data)) == payload(data)


class TestFailures:
    def test_places(self) -> None:
        """A packet that does not decode is named by its byte and its time."""
        start = len(MP3) // 2
        data = MP3[:start] + bytes(4096) + MP3[start + 4096 :]
        decoded = sounds.measured(data, "mp3").decoded
        assert decoded.failure_count
        first = decoded.failures[0]
        assert first.at_byte is not None
        assert first.at_ms is not None
        assert start - 1000 <= first.at_byte <= start + 4096
        assert first.at_ms == pytest.approx(2500, abs=300)

    def test_first_are_listed_all_are_counted(self) -> None:
        """Of many failures sixteen are named, all are counted, and what is sound is still heard."""
        data = bytearray(zoo.encode("wavpack", "wv", "s16p", seconds=12))
        at = 0
        while (at := data.find(b"wvpk", at + 1)) >= 0:
            data[at + 60 : at + 160] = bytes(100)
        decoded = sounds.measured(bytes(data), "wavpack").decoded
        assert decoded.failure_count > DAMAGE_LISTED
        assert len(decoded.failures) == DAMAGE_LISTED
        assert decoded.samples > 0

    def test_whole_files_have_none(self) -> None:
        """No specimen of the zoo has a failure, and each comes out as long as it says."""
        for name in zoo.NAMES:
            specimen = zoo.specimen(name)
            decoded = sounds.measured(specimen.data, specimen.container).decoded
            assert (decoded.failures, decoded.failure_count) == ((), 0), name
            assert decoded.format_changes == 0
            if decoded.declared_ms is not None:
                assert decoded.decoded_ms == pytest.approx(decoded.declared_ms, abs=60), name

    def test_an_empty_packet_is_no_failure(self) -> None:
        """An empty last packet, as old Vorbis files have, is no damage."""
        from mutagen.ogg import OggPage

        data = vorbis(2, 44_100, 2, 9)
        last = data.rindex(b"OggS")
        page = OggPage(io.BytesIO(data[last:]))
        page.packets.append(b"")
        decoded = sounds.measured(data[:last] + page.write(), "ogg").decoded
        assert decoded.failure_count == 0
        assert decoded.samples >= 88_200

    def test_no_sound(self) -> None:
        """A header that nothing follows is refused."""
        empty = zoo.riff(zoo.chunk(b"fmt ", zoo.fmt_chunk()), zoo.chunk(b"data", b""))
        with pytest.raises(MalformedError, match="no sound"):
            sounds.measured(empty, "wav")

    def test_mp3_without_a_length(self) -> None:
        """A length that FFmpeg guesses from the bit rate is not taken for a statement."""
        frame = MP3.index(b"\xff\xfb")
        second = MP3.index(b"\xff\xfb", frame + 4)
        assert sounds.measured(MP3, "mp3").decoded.declared_ms == pytest.approx(5000, abs=1)
        assert sounds.measured(MP3[second:], "mp3").decoded.declared_ms is None


class TestChains:
    def test_rate_and_channels_change(self) -> None:
        """A chain whose parts differ is heard to its end, each part at its own rate."""
        data = vorbis(4, 44_100, 2, 1) + vorbis(3, 22_050, 1, 2) + vorbis(2, 44_100, 2, 3)
        measured = sounds.measured(data, "ogg")
        decoded = measured.decoded
        assert decoded.samples == 4 * 44_100 + 3 * 22_050 + 2 * 44_100
        assert decoded.decoded_ms == pytest.approx(9000, abs=2)
        assert (decoded.format_changes, decoded.sample_rate_hz) == (2, 44_100)
        assert measured.sound.loudness.integrated_lufs is not None
        assert measured.sound.trailing_silence_ms < 50
        peaks = np.frombuffer(measured.waveform, np.uint8).reshape(-1, 4)[:, 0]
        assert peaks.min() > 30  # sound from end to end
        facts = read_facts(io.BytesIO(data))
        assert facts.technical is not None
        assert (facts.technical.sample_rate_hz, facts.technical.channels) == (44_100, 2)

    @pytest.mark.parametrize("form", ["fltp", "s16p", "s16"])
    def test_fewer_and_more_planes(self, form: str) -> None:
        """A frame of fewer or more planes than those before is never read as if it had as many."""
        parts = Parts()
        for channels in (2, 1, 6, 2):
            (frame,) = sounds.frames(np.full((channels, 5000), 0.25, np.float32), 48_000)
            (frame,) = av.AudioResampler(form).resample(frame)
            parts.write(frame)
        assert (parts.changes, parts.samples) == (3, 20_000)
        (block,) = parts.iter_last()
        assert (block.format.name, block.layout.name) == (form, "stereo")
        left, right = RowReader().rows(block)
        assert len(left) == len(right) == 20_000
        assert left.min() > 0.1
        assert right.min() > 0.1

    def test_no_sample_is_lost_at_the_seam(self) -> None:
        """Blocks are of one form and size but the last; together they hold every sample."""
        parts, blocks = Parts(), []
        noise = np.random.default_rng(1).normal(0, 0.1, (2, 600_000)).astype(np.float32)
        for rows in (noise, noise[:1], noise):
            for frame in sounds.frames(rows, 48_000, 10_007):
                parts.write(frame)
                blocks += list(parts.iter_blocks())
        blocks += list(parts.iter_last())
        assert sum(block.samples for block in blocks) == parts.samples == 1_800_000
        assert {block.samples for block in blocks[:-1]} == {BLOCK_VALUES // 2 // 480 * 480}
        assert {(block.format.name, block.layout.name) for block in blocks} == {("flt", "stereo")}


class TestOddSound:
    @pytest.mark.parametrize("channels", [1, 2, 6, 8])
    def test_channels(self, channels: int) -> None:
        """Every fact is measured whatever the number of channels."""
        rows = np.random.default_rng(2).normal(0, 0.1, (channels, 5 * zoo.RATE_HZ))
        measured = sounds.measured(sounds.wav16(rows.astype(np.float32)), "wav")
        assert measured.channels == channels
        assert measured.sound.loudness.integrated_lufs is not None
        assert measured.sound.cutoff_hz == pytest.approx(zoo.RATE_HZ / 2, abs=150)
        assert len(measured.waveform) == 1600
        assert len(measured.fingerprint) == 19

    def test_numbers_that_are_none(self) -> None:
        """Floating point that holds no numbers is measured like any sound, to finite figures."""
        samples = np.random.default_rng(2).normal(0, 0.1, 2 * 44_100 * 5).astype("<f4")
        samples[1000:1200], samples[5000] = np.nan, np.inf
        form = struct.pack("<HHIIHH", 3, 2, 44_100, 44_100 * 8, 8, 32)
        data = zoo.riff(zoo.chunk(b"fmt ", form), zoo.chunk(b"data", samples.tobytes()))
        facts = facts_in_child(io.BytesIO(data))
        assert facts.readability is Readability.READABLE
        assert facts.sound is not None
        assert facts.sound.loudness.sample_peak_dbfs == 0.0
        assert len(facts.waveform) == 1600

    @pytest.mark.parametrize("rate_hz", [1, 99, 3_000, 11_025, 768_000, 2_000_000_000])
    def test_rates(self, rate_hz: int) -> None:
        """Any rate that a header can state ends in facts, with what can be told at that rate."""
        rows = np.random.default_rng(2).normal(0, 0.1, (1, 30_000)).astype(np.float32)
        facts = facts_in_child(io.BytesIO(sounds.wav16(rows, min(rate_hz, 2**31 // 2))))
        assert (facts.readability, facts.reason) == (Readability.READABLE, "")
        assert len(facts.waveform) == 1600


class TestWanted:
    def test_what_is_not_wanted(self) -> None:
        """What was not asked for is None or empty; length and readability are always told."""
        measured = sounds.measured(MP3, "mp3", NOTHING)
        assert (measured.waveform, len(measured.fingerprint)) == (b"", 0)
        assert measured.sound.loudness == Loudness()
        assert (measured.sound.payload_sha256, measured.sound.cutoff_hz) == ("", None)
        assert measured.sound.decoded_ms == 5000

    def test_true_peak_when_asked(self) -> None:
        """The one fact that is not measured by default is measured when asked for."""
        loudness = sounds.measured(MP3, "mp3", Wanted(true_peak=True)).sound.loudness
        assert loudness.true_peak_dbtp is not None
        assert loudness.sample_peak_dbfs is not None
        assert loudness.true_peak_dbtp >= loudness.sample_peak_dbfs - 0.1


class TestFacts:
    def test_opened_and_decoded_once(self) -> None:
        """All facts of a file cost one opening of the decoder."""
        with mock.patch.object(av, "open", wraps=av.open) as opening:
            facts = read_facts(io.BytesIO(MP3))
        assert opening.call_count == 1
        assert facts.sound is not None
        assert facts.integrity is not None
        assert len(facts.waveform) == 1600
        assert len(decode_fingerprint(facts.fingerprint)) == 19

    def test_a_file_that_only_the_second_decoder_plays(self) -> None:
        """What FFmpeg refuses libsndfile plays, to the same figures and the same payload."""
        data = vorbis(5, 44_100, 2, 4)
        with mock.patch("phonotheque.audio.facts.hear_by_ffmpeg", side_effect=_refuse):
            second = read_facts(io.BytesIO(data))
        first = read_facts(io.BytesIO(data))
        assert first.sound is not None
        assert second.sound is not None
        assert second.readability is Readability.READABLE
        assert second.sound.payload_sha256 == first.sound.payload_sha256
        ours, theirs = second.sound.loudness, first.sound.loudness
        assert ours.integrated_lufs == pytest.approx(theirs.integrated_lufs, abs=0.05)
        assert ours.sample_peak_dbfs == pytest.approx(theirs.sample_peak_dbfs, abs=0.05)
        assert second.sound.decoded_ms == first.sound.decoded_ms
        assert (second.waveform, second.integrity) == (mock.ANY, first.integrity)
        words = [decode_fingerprint(facts.fingerprint) for facts in (first, second)]
        assert np.bitwise_count(words[0] ^ words[1]).sum() <= 3

    def test_the_second_decoder_where_there_are_no_packets(self) -> None:
        """Outside Ogg its payload is of the samples: equal for retagged copies."""
        data = zoo.encode_sndfile("FLAC", "PCM_16", 1)
        names = {
            hear_by_sndfile(io.BytesIO(copy), "flac", Wanted())[1].sound.payload_sha256
            for copy in (data, zoo.id3_bytes() + data)
        }
        assert len(names) == 1
        assert names != {payload(data)}

    def test_damage_of_what_nobody_decodes(self) -> None:
        """A file that is unreadable is judged all the same; one of no container is not."""
        cut = zoo.encode_sndfile("OGG", "VORBIS", 1)[:400]
        facts = read_facts(io.BytesIO(cut))
        assert facts.readability is Readability.UNREADABLE
        assert facts.integrity is not None
        assert facts.integrity.verdict != "whole"
        assert read_facts(io.BytesIO(b"no sound")).integrity is None


def _refuse(*_args: object) -> None:
    raise MalformedError("audio", "refused for the test", "Nothing to do.")
