"""Every form in which services and players give people their lists keeps the contract."""

import csv
import io
import json
import zipfile
from xml.sax.saxutils import escape

import pytest
from tests.catalogue.private_lists.contract import ALL_FIELDS, ListContract, numbered

from phonotheque.catalogue.private_lists.exporting import COLUMNS

NAMES = frozenset(("title", "artist"))


def listen_of(one):
    info = {"duration_ms": one.length_ms, "isrc": one.isrc, "music_service": "spotify.com"}
    return {
        "listened_at": one.second,
        "inserted_at": one.second,
        "track_metadata": {
            "artist_name": one.artist,
            "track_name": one.title,
            "release_name": one.album,
            "additional_info": info,
            "mbid_mapping": {"recording_mbid": one.mbid},
        },
    }


def json_lines(records, bad_lines):
    first, *others = [json.dumps(one).encode() for one in records]
    return b"\n".join([first, *bad_lines, *others, b""])


def table(header, rows, bad_lines=(), separator=",", end="\r\n"):
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator=end)
    lines = []
    for row in [*([header] if header else []), *rows]:
        out.seek(0)
        out.truncate()
        writer.writerow(row)
        lines.append(out.getvalue().encode())
    at = 2 if header else 1
    return b"".join([*lines[:at], *(one + end.encode() for one in bad_lines), *lines[at:]])


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return out.getvalue()


class TestListenBrainzLines(ListContract):
    """Listens as lines of JSON."""

    BAD_LINES = (("no JSON", b'{"listened_at": 1, "track'), ("no object", b"[]"))

    def write(self, heard, bad_lines=()):
        return json_lines([listen_of(one) for one in heard], bad_lines)


class TestListenBrainzZip(ListContract):
    """What ListenBrainz gives a user: a file for each month, and others that are no listens."""

    IS_READ_WHOLE = True
    BAD_LINES = (("listens/2021/10.jsonl, 2: it is no JSON", b'{"listened_at": 1, "track'),)

    def write(self, heard, bad_lines=()):
        listens = [listen_of(one) for one in heard]
        files = {
            "user.json": '{"username": "ada"}',
            "feedback.jsonl": '{"recording_mbid": "x", "score": 1}\n',
            "listens/2021/10.jsonl": json_lines(listens[-1:], bad_lines),
            "listens/2021/9.jsonl": json_lines(listens[:-1], ()) if listens[1:] else b"",
        }
        return zipped(files)


class TestListenBrainzAnswer(ListContract):
    """What its API answers: one document."""

    IS_READ_WHOLE = True
    BAD_LINES = (("no object", b"17"), ("names no title", b"{}"))

    def write(self, heard, bad_lines=()):
        first, *others = [json.dumps(listen_of(one)).encode() for one in heard]
        whole = b",\n".join([first, *bad_lines, *others])
        return b'{"payload": {"count": 1, "listens": [\n' + whole + b"]}}"


class TestLastFmTable(ListContract):
    """Last.fm as the usual exporter writes it, with two kinds of times."""

    FIELDS = ALL_FIELDS - {"length_ms", "isrc"}
    BAD_LINES = (("names no title", b"1614853230,,Ada,,,,,"),)

    def write(self, heard, bad_lines=()):
        header = [
            "uts",
            "utc_time",
            "artist",
            "artist_mbid",
            "album",
            "album_mbid",
            "track",
            "track_mbid",
        ]
        rows = [
            [one.second, f"{one.at:%d %b %Y, %H:%M}", one.artist, "", one.album, "", one.title,
             one.mbid]
            for one in heard
        ]  # fmt: skip
        return table(header, rows, bad_lines)


class TestLastFmBare(ListContract):
    """Last.fm as "Last.fm to CSV" writes it: no first row."""

    FIELDS = NAMES | {"album"}
    BAD_LINES = (("names no title", b"Ada,Album,,04 Mar 2021 10:20"),)

    def write(self, heard, bad_lines=()):
        rows = [[one.artist, one.album, one.title, f"{one.at:%d %b %Y %H:%M}"] for one in heard]
        return table(None, rows, bad_lines)


class TestLastFmStats(ListContract):
    """Last.fm as lastfmstats.com writes it: semicolons, and a column with the account's name."""

    FIELDS = NAMES | {"album"}
    BAD_LINES = (("names no title", b'"Ada";"Album";"";"";"1614853230000"'),)

    def write(self, heard, bad_lines=()):
        header = ["Artist", "Album", "AlbumId", "Track", "Date#ada"]
        rows = [[one.artist, one.album, "", one.title, one.second * 1000] for one in heard]
        return table(header, rows, bad_lines, ";")


class TestLastFmAnswer(ListContract):
    """Pages of answers of Last.fm's API: texts are objects."""

    FIELDS = NAMES | {"album", "mbid"}
    IS_READ_WHOLE = True

    def write(self, heard, bad_lines=()):
        tracks = [
            {
                "artist": {"mbid": "", "#text": one.artist},
                "album": {"mbid": "", "#text": one.album},
                "name": one.title,
                "mbid": one.mbid,
                "date": {"uts": str(one.second), "#text": f"{one.at:%d %b %Y, %H:%M}"},
            }
            for one in heard
        ]
        pages = [{"track": tracks[:3], "@attr": {"page": "1"}}, {"track": tracks[3:]}]
        return json.dumps(pages).encode()


class TestMaloja(ListContract):
    """Maloja's export: the track is an object inside of the scrobble."""

    FIELDS = NAMES | {"album", "length_ms"}
    IS_READ_WHOLE = True

    def write(self, heard, bad_lines=()):
        scrobbles = [
            {
                "time": one.second,
                "track": {
                    "artists": [one.artist],
                    "title": one.title,
                    "album": {"albumtitle": one.album, "artists": [one.artist]},
                    "length": one.length_ms and one.length_ms // 1000,
                },
                "duration": 31,
                "origin": "client:x",
            }
            for one in heard
        ]
        return json.dumps({"maloja": {"export_time": 1}, "scrobbles": scrobbles}).encode()


class TestPlayerLog(ListContract):
    """The log that players without a network keep."""

    FIELDS = NAMES | {"album", "length_ms", "mbid"}
    BAD_LINES = (("names no title", b"Ada\tAlbum\t\t1\t60\tL\t1614853230\t"),)

    def write(self, heard, bad_lines=()):
        head = [b"#AUDIOSCROBBLER/1.1", b"#TZ/UTC", b"#CLIENT/Rockbox sansa 1.0"]
        first, *others = [
            "\t".join(
                [one.artist, one.album, one.title, "1", str((one.length_ms or 0) // 1000), "L",
                 str(one.second), one.mbid]
            ).encode()
            for one in heard
        ]  # fmt: skip
        return b"\n".join([*head, first, *bad_lines, *others, b""])


def stream_of(one):
    return {
        "ts": f"{one.at:%Y-%m-%dT%H:%M:%SZ}",
        "platform": "ios",
        "ms_played": 31_000,
        "conn_country": "AT",
        "ip_addr": "192.0.2.7",
        "master_metadata_track_name": one.title,
        "master_metadata_album_artist_name": one.artist,
        "master_metadata_album_album_name": one.album,
        "spotify_track_uri": "spotify:track:x",
        "episode_name": None,
        "offline_timestamp": None,
    }


class TestSpotifyStreams(ListContract):
    """Spotify's extended streaming history, one of its files."""

    FIELDS = NAMES | {"album"}
    IS_READ_WHOLE = True
    BAD_LINES = (("names no title", b'{"ts": "2021-03-04T10:20:00Z", "episode_name": "E"}'),)

    def write(self, heard, bad_lines=()):
        first, *others = [json.dumps(stream_of(one)).encode() for one in heard]
        return b"[" + b",\n".join([first, *bad_lines, *others]) + b"]"


class TestSpotifyZip(ListContract):
    """All of it as it is given: a zip with one file for some years, films and a leaflet."""

    FIELDS = NAMES | {"album"}
    IS_READ_WHOLE = True

    def write(self, heard, bad_lines=()):
        folder = "Spotify Extended Streaming History"
        streams = [stream_of(one) for one in heard]
        files = {
            f"{folder}/ReadMeFirst_ExtendedStreamingHistory.pdf": b"%PDF",
            f"{folder}/Streaming_History_Video_2018-2024.json": "[{}]",
            f"{folder}/Streaming_History_Audio_2019_10.json": json.dumps(streams[1:]),
            f"{folder}/Streaming_History_Audio_2019_2.json": json.dumps(streams[:1]),
        }
        return zipped(files)


class TestSpotifyAccount(ListContract):
    """The year that Spotify gives with the data of an account."""

    FIELDS = NAMES
    IS_READ_WHOLE = True

    def write(self, heard, bad_lines=()):
        streams = [
            {
                "endTime": f"{one.at:%Y-%m-%d %H:%M}",
                "artistName": one.artist,
                "trackName": one.title,
                "msPlayed": 180_000,
            }
            for one in heard
        ]
        return json.dumps(streams, indent=2).encode()


class TestPanoScrobbler(ListContract):
    """Pano Scrobbler's lines of JSON."""

    FIELDS = NAMES | {"album", "length_ms"}
    BAD_LINES = (("no JSON", b"{'a': 1}"),)

    def write(self, heard, bad_lines=()):
        records = [
            {
                "timeHuman": "x",
                "timeMs": one.second * 1000,
                "artist": one.artist,
                "track": one.title,
                "album": one.album,
                "albumArtist": "Various",
                "durationMs": one.length_ms,
            }
            for one in heard
        ]
        return json_lines(records, bad_lines)


class TestOwnTable(ListContract):
    """The table that `phono lists export` writes, as a spreadsheet saves it again."""

    BAD_LINES = (
        ("names no title", b"Ada;;;;;;;;"),
        ("letters", b"Ada;" + b"x" * 1_001 + b";;;;;;;"),
    )

    def write(self, heard, bad_lines=()):
        rows = [
            [one.artist, one.title, one.album, one.length_ms, one.mbid, one.isrc, 1,
             one.at.date(), one.at.date()]
            for one in heard
        ]  # fmt: skip
        return b"\xef\xbb\xbf" + table(COLUMNS, rows, bad_lines, ";")


class TestPlaylistTable(ListContract):
    """A playlist as a table; a date in it is that of the album."""

    IS_HISTORY = False
    BAD_LINES = (("names no title", b",,,,,,"),)

    def write(self, heard, bad_lines=()):
        header = ["Track Name", "Artist Name(s)", "Album Name", "Date", "Duration (ms)", "ISRC"]
        rows = [
            [one.title, one.artist, one.album, one.at.date(), one.length_ms, one.isrc, one.mbid]
            for one in heard
        ]
        return table([*header, "Recording MBID"], rows, [b",,,2001-01-01,,," for _ in bad_lines])


class TestJspf(ListContract):
    """JSPF with the identifiers of ListenBrainz."""

    IS_HISTORY = False
    IS_READ_WHOLE = True
    BAD_LINES = (("no object", b"null"),)

    def write(self, heard, bad_lines=()):
        first, *others = [
            json.dumps(
                {
                    "creator": one.artist,
                    "title": one.title,
                    "album": one.album,
                    "duration": one.length_ms,
                    "identifier": [
                        f"https://musicbrainz.org/recording/{one.mbid}",
                        f"isrc:{one.isrc}",
                    ],
                }
            ).encode()
            for one in heard
        ]
        tracks = b",".join([first, *bad_lines, *others])
        return b'{"playlist": {"title": "Mine", "track": [' + tracks + b"]}}"


class TestXspf(ListContract):
    """XSPF."""

    IS_HISTORY = False
    BAD_LINES = (("names no title", b"<track><creator>Ada</creator></track>"),)

    def write(self, heard, bad_lines=()):
        first, *others = [
            f"<track><title>{escape(one.title)}</title><creator>{escape(one.artist)}</creator>"
            f"<album>{escape(one.album)}</album><duration>{one.length_ms}</duration>"
            f"<identifier>https://musicbrainz.org/recording/{one.mbid}</identifier>"
            f"<identifier>isrc:{one.isrc}</identifier></track>\n".encode()
            for one in heard
        ]
        begin = (
            b'<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList>'
        )
        return begin + b"".join([first, *bad_lines, *others]) + b"</trackList></playlist>"


class TestM3u8(ListContract):
    """M3U8."""

    IS_HISTORY = False
    FIELDS = NAMES | {"album", "length_ms"}

    def write(self, heard, bad_lines=()):
        lines = ["#EXTM3U", "#PLAYLIST:Mine"]
        for number, one in enumerate(heard):
            seconds = (one.length_ms or -1000) // 1000
            lines += [f"#EXTALB:{one.album}", f"#EXTINF:{seconds},{one.artist} - {one.title}"]
            lines.append(f"music/{number}.mp3")
        return "\n".join([*lines, ""]).encode()


class TestText(ListContract):
    """One song a line."""

    IS_HISTORY = False
    FIELDS = NAMES

    def write(self, heard, bad_lines=()):
        return "\n".join(f"{one.artist} - {one.title}" for one in heard).encode()


@pytest.mark.parametrize("seconds", [0, 29, 30, 300])
def test_what_was_skipped_is_no_play(seconds):
    """Less than half a minute of a stream, or a mark of a player, is a play of nothing."""
    contract = TestSpotifyStreams()
    one = {**stream_of(numbered(1)[0]), "ms_played": seconds * 1000}
    songs, refused = contract.gathered(json.dumps([one]).encode())
    assert (len(songs), refused) == (int(seconds >= 30), 0)
    log = b"#AUDIOSCROBBLER/1.1\nAda\tX\tBo\t1\t60\tS\t1614853230\t\n"
    assert contract.gathered(log) == ([], 0)
