"""Files that break readers: odd tags, odd sound, lies, damage."""

import base64
import io
import struct
import tempfile

import mutagen.id3 as id3
import pytest
from mutagen.flac import Picture
from mutagen.mp4 import MP4, MP4FreeForm
from mutagen.ogg import OggPage
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from tests.audio import zoo

from phonotheque.audio import facts_in_child, read_facts
from phonotheque.audio.facts import hear_by_ffmpeg, hear_by_sndfile
from phonotheque.audio.measure import Wanted
from phonotheque.errors import MalformedError
from phonotheque.music.facts import AudioFacts, Readability, Tags

MP3 = zoo.encode("libmp3lame", "mp3", "s16p")


def read(data: bytes) -> AudioFacts:
    return read_facts(io.BytesIO(data))


def tags_of_id3(*frames: id3.Frame) -> Tags:
    tag, out = id3.ID3(), io.BytesIO()
    for frame in frames:
        tag.add(frame)
    tag.save(out)
    return read(out.getvalue() + MP3).tags


class TestOddTags:
    @pytest.mark.parametrize("version", [3, 4])
    def test_id3_versions(self, version: int) -> None:
        """ID3v2.3 and 2.4 are read alike."""
        tags = read(zoo.id3_bytes(version) + MP3).tags
        assert (tags.title, tags.date) == (zoo.FULL.title, zoo.FULL.date)
        assert tags.pictures == zoo.FULL.pictures

    def test_id3v1_alone(self) -> None:
        """Where there is nothing better, the 128 bytes at the end are read, as Latin-1."""
        tail = struct.pack(
            "<3s30s30s30s4s28sBBB",
            b"TAG",
            "Grün".encode("latin-1"),
            b"Ada",
            b"Nacht",
            b"1987",
            b"taped",
            0,
            5,
            26,
        )
        tags = read(MP3 + tail).tags
        assert (tags.title, tags.artists, tags.album) == ("Grün", ("Ada",), "Nacht")
        assert (tags.date, tags.track_number, tags.comments) == ("1987", 5, ("taped",))
        assert tags.genres == ("Ambient",)

    def test_id3_wins_over_ape_which_fills(self) -> None:
        """In an MP3 with both, ID3 speaks first and APE fills what is open."""
        file = io.BytesIO(MP3)
        zoo.ape_tag().save(file)
        tag, out = id3.ID3(), io.BytesIO()
        tag.add(id3.TIT2(encoding=3, text=["From ID3"]))
        tag.save(out)
        tags = read(out.getvalue() + file.getvalue()).tags
        assert (tags.title, tags.album) == ("From ID3", "Nacht & Tag")

    def test_rva2(self) -> None:
        """ReplayGain of RVA2 frames is read; other channels than the master are not."""
        gain = tags_of_id3(
            id3.RVA2(desc="track", channel=1, gain=-3.5, peak=0.5),
            id3.RVA2(desc="album", channel=1, gain=-2.0, peak=0.0),
            id3.RVA2(desc="subwoofer", channel=8, gain=9.0, peak=1.0),
        ).replaygain
        assert gain.track_gain_db == pytest.approx(-3.5, abs=0.01)
        assert gain.track_peak == pytest.approx(0.5, abs=0.01)
        assert gain.album_gain_db == pytest.approx(-2.0, abs=0.01)
        assert gain.album_peak is None

    @pytest.mark.parametrize(
        "frame",
        [
            id3.WXXX(encoding=0, desc="License", url=zoo.LICENCE),
            id3.WXXX(encoding=0, desc="", url=zoo.LICENCE),
            id3.TXXX(encoding=0, desc="LICENCE", text=[zoo.LICENCE]),
            id3.WCOP(url=zoo.LICENCE),
        ],
    )
    def test_licences_in_id3(self, frame: id3.Frame) -> None:
        """A licence is found wherever taggers put it."""
        assert tags_of_id3(frame).licence == zoo.LICENCE

    def test_what_is_no_licence(self) -> None:
        """An artist's home page and a copyright notice are no licence."""
        tags = tags_of_id3(
            id3.WXXX(encoding=0, desc="", url="https://example.org/"),
            id3.TCOP(encoding=0, text=["1999 Netz"]),
        )
        assert (tags.licence, tags.copyright) == (None, "1999 Netz")

    def test_linked_picture(self) -> None:
        """A picture that is only an address is no picture."""
        linked = id3.APIC(encoding=0, mime="-->", type=3, desc="", data=b"http://example.org/x")
        assert tags_of_id3(linked).pictures == ()

    def test_invalid_utf8(self) -> None:
        """Bytes that are no UTF-8 become replacement signs; the other tags are unharmed."""
        data = zoo.specimen("vorbis.ogg").data
        assert data.count("Überlicht".encode()) == 1
        facts = read(data.replace("Überlicht".encode(), b"\xff\xfeberlicht"))
        assert facts.tags.title is not None
        assert facts.tags.title.endswith("berlicht")
        assert facts.tags.title.encode()
        assert facts.tags.album == zoo.FULL.album

    def test_latin1_in_mp4(self) -> None:
        """A freeform atom that is no UTF-8 is read as Windows-1252."""
        file = io.BytesIO(zoo.specimen("aac.m4a").data)
        tagged = MP4(file)
        tagged["----:com.apple.iTunes:LABEL"] = [MP4FreeForm("Grün".encode("cp1252"))]
        file.seek(0)
        tagged.save(file)
        assert read(file.getvalue()).tags.label == "Grün"

    def test_old_cover_in_vorbis(self) -> None:
        """COVERART, the way before METADATA_BLOCK_PICTURE, is decoded; junk in it is not."""
        file = io.BytesIO(zoo.encode_sndfile("OGG", "VORBIS"))
        tagged = OggVorbis(file)
        tagged["coverart"] = [base64.b64encode(zoo.PNG).decode()]
        tagged["metadata_block_picture"] = ["!!!", "AAAA", base64.b64encode(b"\xff" * 40).decode()]
        tagged["title"] = ["still here"]
        file.seek(0)
        tagged.save(file)
        tags = read(file.getvalue()).tags
        assert (tags.pictures, tags.title) == ((zoo.COVER,), "still here")

    def test_r128_in_opus(self) -> None:
        """Opus gains become ReplayGain by adding 5 dB."""
        file = io.BytesIO(zoo.encode("libopus", "ogg", rate=48000))
        tagged = OggOpus(file)
        tagged["R128_TRACK_GAIN"], tagged["R128_ALBUM_GAIN"] = ["-1280"], ["256"]
        file.seek(0)
        tagged.save(file)
        gain = read(file.getvalue()).tags.replaygain
        assert (gain.track_gain_db, gain.album_gain_db) == (0.0, 6.0)

    def test_picture_block_of_flac_in_ogg(self) -> None:
        """FLAC in Ogg carries its pictures as packets; they are read though mutagen skips them."""
        data = zoo.encode("flac", "ogg")
        file = io.BytesIO(data)
        first, second = OggPage(file), OggPage(file)
        rest = data[file.tell() :]
        picture = Picture()
        picture.type, picture.mime, picture.data = 3, "image/png", zoo.PNG
        block = picture.write()
        head = bytes([0x80 | 6]) + len(block).to_bytes(3, "big")
        comments = second.packets[0]
        packets = [bytes([comments[0] & 0x7F]) + comments[1:], head + block]
        pages = OggPage.from_packets(packets, sequence=1)
        for page in pages:
            page.serial = first.serial
        renumbered = first.write() + b"".join(page.write() for page in pages) + rest
        assert read(renumbered).tags.pictures == (zoo.COVER,)

    def test_hostile_amounts(self) -> None:
        """A file of ten thousand long comments makes a record that fits the pipe."""
        file = io.BytesIO(zoo.encode_sndfile("OGG", "VORBIS"))
        tagged = OggVorbis(file)
        tagged["comment"] = [f"{number:05}" + "x" * 5000 for number in range(1000)]
        tagged["title"] = ["behind it"]
        file.seek(0)
        tagged.save(file)
        tags = facts_in_child(io.BytesIO(file.getvalue())).tags
        assert 100 < len(tags.comments) <= 256


class TestOddSound:
    @pytest.mark.parametrize(
        ("codec", "form", "sample_format"),
        [
            ("wavpack", "wv", "s16p"),
            ("flac", "flac", "s16"),
            ("aac", "ipod", "fltp"),
            ("libopus", "ogg", "s16"),
        ],
    )
    def test_eight_channels(self, codec: str, form: str, sample_format: str) -> None:
        """7.1 sound, on which PyAV's planes crash, is read like any other."""
        rate = 48000 if codec == "libopus" else zoo.RATE_HZ
        data = zoo.encode(codec, form, sample_format, "7.1", rate)
        facts = facts_in_child(io.BytesIO(data))
        assert (facts.readability, facts.reason) == (Readability.READABLE, "")
        assert facts.technical is not None
        assert facts.technical.channels == 8

    @pytest.mark.parametrize("bits", [8, 16, 24, 32])
    def test_bit_depth_of_wav(self, bits: int) -> None:
        """The depth of linear PCM is what its header says."""
        data = zoo.encode_sndfile("WAV", "PCM_U8" if bits == 8 else f"PCM_{bits}")
        facts = read(data)
        assert facts.technical is not None
        assert facts.technical.bit_depth == bits

    def test_the_length_that_fraunhofers_encoder_states(self) -> None:
        """An MP3 whose first frame is a VBRI header is as long as that says."""
        at = MP3.index(b"Info") - 36
        vbri = b"VBRI" + struct.pack(">HHHII", 1, 0, 75, len(MP3) - at, 441)
        data = MP3[:at] + MP3[at : at + 36] + vbri + MP3[at + 36 + len(vbri) :]
        facts = read(data)
        assert facts.technical is not None
        assert facts.technical.duration_ms == 441 * 1152 * 1000 // zoo.RATE_HZ

    @pytest.mark.parametrize(
        "name", ["vorbis.ogg", "comments.flac", "id3v24.mp3", "id3.aiff", "full.wav"]
    )
    def test_both_readers_agree(self, name: str) -> None:
        """The second decoder finds the same codec, rate, channels and depth as the first."""
        specimen = zoo.specimen(name)
        first, _ = hear_by_ffmpeg(io.BytesIO(specimen.data), specimen.container, Wanted())
        second, _ = hear_by_sndfile(io.BytesIO(specimen.data), specimen.container, Wanted())
        assert (second.codec, second.sample_rate_hz) == (first.codec, first.sample_rate_hz)
        assert (second.channels, second.bit_depth) == (first.channels, first.bit_depth)
        assert first.duration_ms is not None
        assert second.duration_ms == pytest.approx(first.duration_ms, abs=60)


class TestRefused:
    def test_a_script_named_mp3(self) -> None:
        """A demuxer's script is not followed to the files it names: it is no audio at all."""
        with (
            tempfile.NamedTemporaryFile(suffix=".mp3") as file,
            tempfile.NamedTemporaryFile() as target,
        ):
            target.write(zoo.specimen("info.wav").data)
            target.flush()
            file.write(f"ffconcat version 1.0\nfile {target.name}\n".encode())
            file.flush()
            facts = facts_in_child(file)
        assert facts.readability is Readability.UNREADABLE
        assert facts.technical is None

    @pytest.mark.parametrize("container", ["mp3", "ogg", "mp4", "wav"])
    def test_a_script_called_a_container(self, container: str) -> None:
        """Even when asked to read a script as audio, no demuxer but the named one looks at it."""
        script = io.BytesIO(b"ffconcat version 1.0\nfile /etc/hostname\n")
        with pytest.raises(MalformedError):
            hear_by_ffmpeg(script, container, Wanted())

    @pytest.mark.parametrize("name", zoo.NAMES)
    def test_headers_alone(self, name: str) -> None:
        """A file cut behind its first bytes is unreadable with a reason, never an exception."""
        facts = read(zoo.specimen(name).data[:40])
        assert facts.readability is Readability.UNREADABLE
        assert facts.reason

    def test_a_header_without_sound(self) -> None:
        """A header that nothing follows proves nothing: what cannot be decoded is not readable."""
        empty = zoo.riff(zoo.chunk(b"fmt ", zoo.fmt_chunk()), zoo.INFO, zoo.chunk(b"data", b""))
        facts = read(empty)
        assert facts.readability is Readability.UNREADABLE
        assert "decodes no sound" in facts.reason
        assert facts.tags.title == "Nur INFO"

    def test_truncated(self) -> None:
        """Half a file still says what it is, and keeps the tags in front of its sound."""
        vorbis = zoo.tag_comments(OggVorbis, zoo.encode_sndfile("OGG", "VORBIS", 3))
        wholes = {
            "vorbis": vorbis,
            "flac": zoo.specimen("comments.flac").data,
            "mp3": zoo.id3_bytes() + zoo.encode("libmp3lame", "mp3", "s16p", seconds=3),
            "wavpack": zoo.encode("wavpack", "wv", "s16p", seconds=3),
            "pcm_s16le": zoo.specimen("info.wav").data,
        }
        for codec, whole in wholes.items():
            facts = read(whole[: len(whole) // 2])
            assert facts.technical is not None, codec
            assert facts.technical.codec == codec
            assert facts.tags.title == read(whole).tags.title
