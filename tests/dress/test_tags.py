"""What is written into a copy is what is read from it, by us and by a library that is not ours."""

from __future__ import annotations

import io

import msgspec
import mutagen
import mutagen.id3 as id3
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mutagen.apev2 import APEv2
from tests.audio import zoo
from tests.dress.wardrobe import (
    CLOTHES,
    COVER,
    LARGE_COVER,
    NAMES,
    container_of,
    original,
    whole,
)

from phonotheque.audio import read_facts
from phonotheque.audio.tag_values import clean
from phonotheque.audio.tags import read_tags
from phonotheque.dress.names import NAMINGS
from phonotheque.dress.overlay import Cover
from phonotheque.errors import BadRequestError
from phonotheque.music.facts import Readability, ReplayGain, Tags


def worn(tags: Tags, name: str, pictures: tuple = ()) -> Tags:
    """What is to be read from a copy in these tags: `bext` and iXML stay the original's."""
    before = read_tags(io.BytesIO(original(name)), container_of(name))
    return msgspec.structs.replace(tags, pictures=pictures, broadcast=before.broadcast)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("cover", [COVER, LARGE_COVER], ids=["small", "large"])
def test_every_field_comes_back(name, cover):
    """Reading a copy's facts gives the overlay's tags and cover, and the copy is readable."""
    facts = read_facts(io.BytesIO(whole(name, CLOTHES, cover)))
    assert facts.readability is Readability.READABLE
    (picture,) = facts.tags.pictures
    assert (picture.size_bytes, picture.kind, picture.mime) == (len(cover.data), 3, cover.mime)
    assert facts.tags == worn(CLOTHES, name, (picture,))


@pytest.mark.parametrize("name", NAMES)
def test_pictures_stay_where_no_cover_is_given(name):
    """Without a cover the copy has the pictures of its original, wherever these stood."""
    before = read_tags(io.BytesIO(original(name)), container_of(name))
    after = read_tags(io.BytesIO(whole(name)), container_of(name))
    assert after == worn(CLOTHES, name, before.pictures)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_old_tags_shines_through(name):
    """In an empty overlay no field of the original is left, but pictures and broadcast data."""
    before = read_tags(io.BytesIO(original(name)), container_of(name))
    after = read_tags(io.BytesIO(whole(name, Tags())), container_of(name))
    assert after == worn(Tags(), name, before.pictures)


texts = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=24
)
some = texts.map(clean).filter(bool)
maybe = st.none() | some
several = st.lists(some, max_size=3, unique=True).map(tuple)
numbers = st.none() | st.integers(0, 999_999)
totals = st.none() | st.integers(1, 999_999)
gains = st.none() | st.integers(-10_000, 10_000).map(lambda n: n / 100)
peaks = st.none() | st.integers(0, 2_000_000).map(lambda n: n / 1_000_000)
wardrobes = st.builds(
    Tags,
    title=maybe,
    artists=several,
    album=maybe,
    album_artists=several,
    track_number=numbers,
    track_total=totals,
    disc_number=numbers,
    disc_total=totals,
    date=maybe | st.dates().map(str),
    label=maybe,
    catalogue_number=maybe,
    isrcs=st.lists(st.sampled_from(CLOTHES.isrcs), unique=True).map(tuple),
    barcode=maybe,
    musicbrainz=st.lists(st.sampled_from(CLOTHES.musicbrainz), unique=True).map(
        lambda pairs: tuple(sorted(pairs, key=CLOTHES.musicbrainz.index))
    ),
    genres=several | st.just(("17", "(4)Disco", "RX")),
    languages=several,
    comments=several,
    licence=maybe | st.just(zoo.LICENCE),
    copyright=maybe,
    replaygain=st.builds(ReplayGain, gains, peaks, gains, peaks),
)


@settings(max_examples=100)
@given(tags=wardrobes, name=st.sampled_from(NAMES))
@example(tags=Tags(genres=("0\n0",)), name="id3v24.mp3")
def test_any_tags_come_back(tags, name):
    """Whatever tags can say is read from the copy as it was said, in every format."""
    read = read_tags(io.BytesIO(whole(name, tags, COVER)), container_of(name))
    assert read == worn(tags, name, read.pictures)


def said(data: bytes, name: str) -> dict[str, list[str]]:
    """All that mutagen finds in a file, as texts under its own names."""
    container = container_of(name)
    file = io.BytesIO(data)
    if container == "wavpack":
        return {key.upper(): str(value).split("\0") for key, value in APEv2(file).items()}
    tagged = id3.ID3(file) if container == "mp3" else mutagen.File(file)
    tags = tagged if container == "mp3" else tagged.tags
    if isinstance(tags, id3.ID3):
        return {key: _of_frame(frame) for key, frame in tags.items()}
    return {key: [_text(value) for value in tags[key]] for key in tags.keys()}  # noqa: SIM118


def _of_frame(frame) -> list[str]:
    if hasattr(frame, "text"):
        return [str(text) for text in frame.text]
    return [frame.url if hasattr(frame, "url") else frame.data.decode("latin-1")]


def _text(value) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, bytes) else str(value)


OTHER_FORMS = ("long.rf64", "summary.w64")  # mutagen does not read these


@pytest.mark.parametrize("name", [name for name in NAMES if name not in OTHER_FORMS])
def test_another_library_reads_the_same_under_the_names_of_the_field(name):
    """mutagen finds every text under the name that the mapping of MusicBrainz Picard has for it."""
    found = said(whole(name), name)
    container = container_of(name)
    for key, texts in EXPECTED["id3" if container in ID3_FORMS else container].items():
        key = key.lower() if container in ("flac", "ogg") else key
        assert found[key] == texts


ID3_FORMS = ("mp3", "wav", "aiff", "dsf")
MBID = dict(CLOTHES.musicbrainz)
_VORBIS = {
    "TITLE": ["Neue Kleider"],
    "ARTIST": ["Ada", "Bo & Co."],
    "ALBUM": ["Überwurf"],
    "ALBUMARTIST": ["Various", "Someone"],
    "TRACKNUMBER": ["2"],
    "TRACKTOTAL": ["9"],
    "DISCNUMBER": ["3"],
    "DISCTOTAL": ["4"],
    "DATE": ["2001-05-06"],
    "LABEL": ["Netz"],
    "CATALOGNUMBER": ["N 1"],
    "ISRC": ["USRC17607839", "GBAYE0000001"],
    "BARCODE": ["4012345678901"],
    "GENRE": ["Jazz", "Dub"],
    "LANGUAGE": ["eng", "deu"],
    "COMMENT": ["one", "two\nlines"],
    "LICENSE": [zoo.LICENCE],
    "COPYRIGHT": ["© 2001 Netz"],
    "MUSICBRAINZ_TRACKID": [MBID["recording"]],
    "MUSICBRAINZ_RELEASETRACKID": [MBID["track"]],
    "MUSICBRAINZ_ALBUMID": [MBID["release"]],
    "MUSICBRAINZ_RELEASEGROUPID": [MBID["release_group"]],
    "MUSICBRAINZ_ARTISTID": [MBID["artist"]],
    "MUSICBRAINZ_ALBUMARTISTID": [MBID["album_artist"]],
    "MUSICBRAINZ_WORKID": [MBID["work"]],
    "REPLAYGAIN_TRACK_GAIN": ["-7.123 dB"],
    "REPLAYGAIN_TRACK_PEAK": ["0.987654321"],
    "REPLAYGAIN_ALBUM_GAIN": ["1.50 dB"],
    "REPLAYGAIN_ALBUM_PEAK": ["1.000000"],
}
_APE_OTHER = {"ALBUMARTIST": "ALBUM ARTIST", "DATE": "YEAR"}
_APART = ("TRACKNUMBER", "TRACKTOTAL", "DISCNUMBER", "DISCTOTAL")
_FREE = "----:com.apple.iTunes:"
_MB_NAMES = {
    "MUSICBRAINZ_RELEASETRACKID": "MusicBrainz Release Track Id",
    "MUSICBRAINZ_ALBUMID": "MusicBrainz Album Id",
    "MUSICBRAINZ_RELEASEGROUPID": "MusicBrainz Release Group Id",
    "MUSICBRAINZ_ARTISTID": "MusicBrainz Artist Id",
    "MUSICBRAINZ_ALBUMARTISTID": "MusicBrainz Album Artist Id",
    "MUSICBRAINZ_WORKID": "MusicBrainz Work Id",
}
_SAME = ("CATALOGNUMBER", "BARCODE")
_GAINS = tuple(key for key in _VORBIS if key.startswith("REPLAYGAIN"))
EXPECTED = {
    "flac": _VORBIS,
    "ogg": _VORBIS,
    "wavpack": {
        **{_APE_OTHER.get(key, key): texts for key, texts in _VORBIS.items() if key not in _APART},
        "TRACK": ["2/9"],
        "DISC": ["3/4"],
    },
    "id3": {
        "TIT2": _VORBIS["TITLE"],
        "TPE1": _VORBIS["ARTIST"],
        "TALB": _VORBIS["ALBUM"],
        "TPE2": _VORBIS["ALBUMARTIST"],
        "TRCK": ["2/9"],
        "TPOS": ["3/4"],
        "TDRC": _VORBIS["DATE"],
        "TPUB": _VORBIS["LABEL"],
        "TSRC": _VORBIS["ISRC"],
        "TCON": _VORBIS["GENRE"],
        "TLAN": _VORBIS["LANGUAGE"],
        "TCOP": _VORBIS["COPYRIGHT"],
        "WCOP": _VORBIS["LICENSE"],
        "COMM::XXX": ["one"],
        "COMM:2:XXX": ["two\nlines"],
        "UFID:http://musicbrainz.org": _VORBIS["MUSICBRAINZ_TRACKID"],
        **{f"TXXX:{key}": _VORBIS[key] for key in (*_SAME, *_GAINS)},
        **{f"TXXX:{name}": _VORBIS[key] for key, name in _MB_NAMES.items()},
    },
    "mp4": {
        "\xa9nam": _VORBIS["TITLE"],
        "\xa9ART": _VORBIS["ARTIST"],
        "\xa9alb": _VORBIS["ALBUM"],
        "aART": _VORBIS["ALBUMARTIST"],
        "trkn": ["(2, 9)"],
        "disk": ["(3, 4)"],
        "\xa9day": _VORBIS["DATE"],
        "\xa9gen": _VORBIS["GENRE"],
        "\xa9cmt": _VORBIS["COMMENT"],
        "cprt": _VORBIS["COPYRIGHT"],
        **{_FREE + k: _VORBIS[k] for k in ("LABEL", "ISRC", "LANGUAGE", "LICENSE", *_SAME)},
        **{_FREE + key: _VORBIS[key] for key in _GAINS},
        **{_FREE + name: _VORBIS[key] for key, name in _MB_NAMES.items()},
        _FREE + "MusicBrainz Track Id": _VORBIS["MUSICBRAINZ_TRACKID"],
    },
}


def test_opus_has_its_own_names_for_gains():
    """Opus says gains in steps of 1/256 dB towards -23 LUFS too. Source: RFC 7845, 5.2.1."""
    tags = mutagen.File(io.BytesIO(whole("opus.opus"))).tags
    assert tags["r128_track_gain"] == [str(round((-7.123 - 5) * 256))]
    assert tags["r128_album_gain"] == [str(round((1.5 - 5) * 256))]


def test_every_idea_has_a_name_in_every_kind_of_tag():
    """No idea is left out of a format, but numbers, which some write as pairs and some apart."""
    apart = {"track_number", "track_total", "disc_number", "disc_total"}
    for naming in NAMINGS:
        if naming.idea in apart:
            assert naming.vorbis
        elif naming.idea in ("track", "disc"):
            assert naming.ape
            assert naming.id3
        else:
            assert all((naming.vorbis, naming.ape, naming.id3, naming.mp4))


@pytest.mark.parametrize("data", [b"", b"not a picture", b"\xff\xd8\xff" + bytes(1 << 24)])
def test_what_is_no_cover_is_refused(data):
    """Bytes that are no picture, or too many for FLAC's blocks, make no cover."""
    with pytest.raises(BadRequestError):
        Cover(data)


def test_gapless_playback_survives():
    """What iTunes says about the silence around the sound is taken over, in ID3 and in MP4."""
    from tests.dress.wardrobe import retagged

    from phonotheque.dress.dressing import dress
    from phonotheque.dress.overlay import Overlay

    said_smpb = " 00000000 00000840 000001CA 00000000003F31F6"
    tagged = id3.ID3()
    tagged.add(id3.COMM(encoding=0, lang="eng", desc="iTunSMPB", text=[said_smpb]))
    file = io.BytesIO(original("ape.mp3"))
    tagged.save(file)
    copy = dress(file, "mp3", Overlay(CLOTHES))
    after = id3.ID3(io.BytesIO(copy.read(0, copy.size_bytes)))
    assert after["COMM:iTunSMPB:eng"].text == [said_smpb]
    before = retagged("aac.m4a", {"iTunSMPB": said_smpb}, None)
    copy = dress(io.BytesIO(before), "mp4", Overlay(CLOTHES))
    atoms = mutagen.File(io.BytesIO(copy.read(0, copy.size_bytes))).tags
    assert [bytes(value) for value in atoms[f"{_FREE}iTunSMPB"]] == [said_smpb.encode()]
