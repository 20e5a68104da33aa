"""Reading lists: every usual format says the same, and no file breaks the reader."""

import io
import json
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from phonotheque.catalogue.match.entry import (
    MOST_LETTERS,
    Plays,
    Reading,
    Said,
    entry_of,
    readings_of,
)
from phonotheque.catalogue.match.reading import documents, lines, playlists
from phonotheque.catalogue.match.reading.columns import MOST_CELLS, parse_length
from phonotheque.catalogue.match.reading.format import Format
from phonotheque.catalogue.match.reading.formats import format_of, read_list
from phonotheque.catalogue.match.reading.json_cutting import begin_of, elements, members
from phonotheque.errors import BadRequestError

MBID = "44704dda-b877-4551-a2a8-c1f764476e65"
ISRC = "XXKNC2100101"


def read(data, chosen=None):
    data = data.encode() if isinstance(data, str) else data
    return list(read_list(io.BytesIO(data), "list", chosen))


def first(data, chosen=None):
    return read(data, chosen)[0]


LISTEN = {
    "listened_at": 1,
    "track_metadata": {
        "artist_name": "Marrow",
        "track_name": "Moorings",
        "release_name": "Harbour",
        "additional_info": {"duration_ms": 200_000, "isrc": ISRC},
        "mbid_mapping": {"recording_mbid": MBID},
    },
}
TRACK = {
    "creator": "Marrow",
    "title": "Moorings",
    "album": "Harbour",
    "duration": 200_000,
    "identifier": [f"https://musicbrainz.org/recording/{MBID}", f"isrc:{ISRC}"],
}
XSPF = f"""<?xml version="1.0" encoding="UTF-8"?>
<playlist version="1" xmlns="http://xspf.org/ns/0/"><title>Mine</title><trackList><track>
<title>Moorings</title><creator>Marrow</creator><album>Harbour</album><duration>200000</duration>
<identifier>https://musicbrainz.org/recording/{MBID}</identifier>
<identifier>isrc:{ISRC}</identifier></track></trackList></playlist>"""
HEADER = "Track Name,Artist Name(s),Album Name,Track Duration (ms),ISRC,Recording MBID\n"
EXCEL = f"""\ufeffsep=;\r
Titel;Interpret;Album;Dauer;ISRC;MBID\r
Moorings;Marrow;Harbour;3:20;{ISRC};{MBID}\r
"""
WHOLE = {
    "listens": (json.dumps(LISTEN) + "\n", Format.LISTENS),
    "one listen of a list": (json.dumps([LISTEN]), Format.JSPF),
    "jspf": (json.dumps({"playlist": {"title": "Mine", "track": [TRACK]}}, indent=1), Format.JSPF),
    "jspf on one line": (json.dumps({"playlist": {"track": [TRACK]}}), Format.JSPF),
    "xspf": (XSPF, Format.XSPF),
    "csv": (f"{HEADER}Moorings,Marrow,Harbour,200000,{ISRC},{MBID}\n", Format.CSV),
    "excel": (EXCEL, Format.CSV),
    "tsv": (EXCEL[len("\ufeffsep=;\r\n") :].replace(";", "\t"), Format.CSV),
}


@pytest.mark.parametrize("name", WHOLE)
def test_each_format_says_the_same(name):
    """Formats are told by what stands in them, and the same line says the same in each."""
    text, form = WHOLE[name]
    assert format_of(lines.Source(io.BytesIO(text.encode())).beginning()) is form
    (entry,) = read(text)
    assert entry.readings == (Reading("Marrow", "Moorings"),)
    assert (entry.album, entry.length_ms) == ("Harbour", 200_000)
    assert any(MBID in one for one in entry.mbids)
    assert entry.isrcs == (ISRC,)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_table_may_be_written_by_any_program(encoding, line_end):
    """Byte order marks, wide letters and line ends of spreadsheets are read."""
    text = line_end.join(["artist,title", "Ødegård,Bølgene", '"A, B","Say ""Hi"""', ""])
    one, two = read(text.encode(encoding))
    assert one.readings[0] == ("Ødegård", "Bølgene")
    assert two.readings[0] == ("A, B", 'Say "Hi"')


@pytest.mark.parametrize("separator", [";", "\t", "|", " ", "~"])
def test_a_table_may_say_what_separates_it(separator):
    """The first line of a spreadsheet's export names any letter but a quote, the tab as well."""
    rows = (f"sep={separator}", f"title{separator}artist", f"Bo{separator}Ada", "")
    (entry,) = read("\r\n".join(rows))
    assert entry.readings[0] == ("Ada", "Bo")
    (entry,) = read('sep="\ntitle,artist\nBo,Ada\n')
    assert entry.readings[0] == ("Ada", "Bo")


@pytest.mark.parametrize("says", ["", "sep=;\n"])
def test_a_first_row_that_cannot_be_read_is_told(says):
    """A cell that is longer than the reader of CSV may take is no name of a column."""
    with pytest.raises(BadRequestError, match="names no title"):
        read(f"{says}{'x' * 200_000};y\nAda;Bo\n", Format.CSV)


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        *(("utf-8-sig", "UTF-8"), ("utf-16", "UTF-8"), ("utf-16", "UTF-16")),
        *(("utf-32", "UTF-32"), ("utf-16-le", "UTF-8"), ("utf-16-be", "UTF-16")),
    ],
)
def test_a_playlist_in_xml_may_be_in_wide_letters(encoding, said):
    """What the bytes are counts for more than what the first line says of them."""
    text = XSPF.replace("UTF-8", said).replace("Moorings", "Ål \U0001f3b5")
    text = text.replace("Mine", "x" * 4_096 + "\U0001f3b5" * 50_001)  # chunks end within letters
    (entry,) = read(text.encode(encoding))
    assert entry.readings[0] == ("Marrow", "Ål \U0001f3b5")
    assert entry.album == "Harbour"


@pytest.mark.parametrize("name", ["shift_jis", "foo", "idna", "hex", "utf-7", "undefined"])
def test_an_encoding_that_cannot_be_read_is_told(name):
    """A playlist in XML that says it is written in it is refused with what to do."""
    with pytest.raises(BadRequestError, match="encoding cannot be read"):
        read(XSPF.replace("UTF-8", name, 1))
    (entry,) = read(
        XSPF.replace("UTF-8", "windows-1252", 1).replace("Moorings", "Ål").encode("cp1252")
    )
    assert entry.readings[0] == ("Marrow", "Ål")


def test_encodings_may_be_mixed():
    """A line that is no UTF-8 is read as Windows-1252, and the next one as what it is."""
    one, two = read("Øde - Ål\n".encode("cp1252") + "Øde - 月\n".encode())
    assert one.readings[0] == ("Øde", "Ål")
    assert two.readings[0] == ("Øde", "月")


def test_m3u():
    """What stands before a path says what it is; else the path does; names of lists say nothing."""
    entries = read(
        "#EXTM3U\n#PLAYLIST:Mine\n#EXTINF:200,Marrow - Moorings\na/b.mp3\n"
        '#EXTINF:-1 tvg-id="x",Ada - Bo\nhttp://x.example/1\n\n'
        "../Music/Marrow/Harbour/02 - Low Water.flac\nMarrow_-_Oil.ogg\n"
        "C:\\Music\\Marrow\\Harbour\\03 Rain.mp3\nhttps://x.example/Marrow%20-%20Car%20Deck.mp3?a=1\n"
    )
    assert [one.readings[0] for one in entries] == [
        ("Marrow", "Moorings"),
        ("Ada", "Bo"),
        ("Marrow", "Low Water"),
        ("Marrow", "Oil"),
        ("Marrow", "Rain"),
        ("Marrow", "Car Deck"),
    ]
    assert [one.length_ms for one in entries] == [200_000, *[None] * 5]
    assert entries[2].album == "Harbour"
    assert [one.number for one in entries] == [1, 2, 3, 4, 5, 6]


def test_a_place_is_cut_off_whatever_stands_behind_it():
    """In one go: trying every way to part its spaces would take hours."""
    place = playlists._PLACE
    for told in ("01 - ", "01. ", "A1 ", "1-02_", "1   -   "):
        assert place.sub("", f"{told}Bo", count=1) == "Bo"
    hostile = "1" + " " * 1_000_000
    assert place.sub("", hostile, count=1) == hostile


def test_a_length_of_weeks_is_none():
    """A playlist says lengths as tables do: a week is the most."""
    entries = read("".join(f"#EXTINF:{n},Ada - Bo\nx.mp3\n" for n in (604_800, 604_801, "9" * 10)))
    assert [one.length_ms for one in entries] == [604_800_000, None, None]


def test_text():
    """One song a line, numbered or not, with a dash or a tab; # begins a remark."""
    entries = read("# mine\n1. Marrow - Moorings\n\n- Ada \u2013 Bo\nAda\tCy\nAlone\n")
    assert [one.readings[0] for one in entries] == [
        ("Marrow", "Moorings"),
        ("Ada", "Bo"),
        ("Ada", "Cy"),
        ("", "Alone"),
    ]
    assert [one.number for one in entries] == [2, 4, 5, 6]


def test_a_title_may_begin_with_a_number_sign():
    """Only what stands behind "# " is a remark: a song called by a number is an entry."""
    entries = read("#41 - Dave Matthews Band\n#\n## mine\n#1 Crush - Garbage\n#\tmine\n")
    assert [one.number for one in entries] == [1, 4]
    assert entries[1].readings[0] == ("#1 Crush", "Garbage")


def test_a_line_may_be_meant_in_several_ways():
    """A dash parts artist and title either way about; a title may repeat its artist."""
    assert readings_of("", "A - B") == (("A", "B"), ("B", "A"))
    assert readings_of("A", "a - B") == (("A", "a - B"), ("A", "B"))
    assert readings_of("Bowie, David", "B")[1] == ("David Bowie", "B")


@pytest.mark.parametrize(
    ("text", "name", "length_ms"),
    [
        ("3:45", "", 225_000),
        ("1:02:03", "", 3_723_000),
        ("225", "", 225_000),
        ("225.5", "duration_s", 225_500),
        ("225000", "", 225_000),
        ("9000", "duration_ms", 9_000),
        ("-1", "", None),
        ("", "", None),
        ("0", "", None),
        ("1e9", "", None),
        ("9" * 40, "", None),
        ("\u0663:45", "", 225_000),
    ],
)
def test_lengths(text, name, length_ms):
    """Clocks, seconds and milliseconds are told apart; what is no length is none."""
    assert parse_length(text, name) == length_ms


def test_a_line_that_is_too_long_is_told():
    """It costs its line, and not the next one; the reader keeps no more of it than the bound."""
    long = b"x" * (lines.LONGEST + 200_000)
    for encoding in ("utf-8", "utf-16"):
        data = b"\n".join([b"Ada - Bo", long, b"Ada - Cy"]).decode().encode(encoding)
        one, two, three = read(data)
        assert one.readings[0] == ("Ada", "Bo")
        assert "longer than" in two.wrong
        assert three.readings[0] == ("Ada", "Cy")
    table = b"artist,title\nAda,Bo\n" + long + b"\nAda,Cy\n"
    assert sorted(bool(one.wrong) for one in read(table)) == [False, False, True]
    assert "letters" in entry_of(1, Said("Ada", "x" * (MOST_LETTERS + 1))).wrong


def test_an_open_quote_swallows_little():
    """A quote that is never closed costs some rows, and is told."""
    rows = [f"Ada,Song {number}" for number in range(1_000)]
    rows[3] = 'Ada,"Song 3'
    entries = read("\n".join(["artist,title", *rows]))
    assert [one.wrong for one in entries if one.wrong] == [
        "the row cannot be read: a quote is never closed"
    ]
    assert len(entries) > 700


def test_a_document_type_is_refused():
    """Nothing in a playlist is expanded or fetched."""
    bomb = XSPF.replace(
        "<playlist ", '<!DOCTYPE p [<!ENTITY a "b"><!ENTITY c "&a;&a;">]>\n<playlist ', 1
    )
    with pytest.raises(BadRequestError, match="document type"):
        read(bomb)


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("a,b\n1,2\n", Format.CSV),
        ("", Format.CSV),
        ("{", Format.JSPF),
        ("{}", Format.JSPF),
        ("<a>", Format.XSPF),
        ("no xml", Format.XSPF),
        ("[" * 100_000, Format.JSPF),
    ],
)
def test_a_file_of_another_format_is_refused(text, chosen):
    """Who says that a file has a format it has not is told what is wrong."""
    with pytest.raises(BadRequestError):
        read(text, chosen)


@pytest.mark.parametrize("broken", ['{"listened_at": 1, "track', "{broken", '[{"a"', "[]"])
@pytest.mark.parametrize("count", [1, 3, 40])
def test_a_broken_first_line_costs_itself(broken, count):
    """Lines of JSON are told by those behind the first, too; only the broken one is refused."""
    one, *others = read("\n".join([broken, *[json.dumps(LISTEN)] * count, ""]))
    assert one.wrong
    assert [entry.readings[0] for entry in others] == [("Marrow", "Moorings")] * count


@pytest.mark.parametrize("count", [1, 2, 40])
@pytest.mark.parametrize("begin", ['{"playlist": {"track": [\n', '{"playlist": {"track":\n['])
def test_a_document_with_a_track_a_line_stays_one(begin, count):
    """Objects on lines of their own make no lines of JSON where they are parts of a document."""
    tracks = ",\n".join([json.dumps(TRACK)] * count)
    for end in ("\n]}}\n", "]}}"):
        entries = read(begin + tracks + end)
        assert [one.readings[0] for one in entries] == [("Marrow", "Moorings")] * count


def test_a_document_is_bounded(monkeypatch):
    """What is read whole may not be larger than is said."""
    monkeypatch.setattr(documents, "LARGEST", 1_000)
    with pytest.raises(BadRequestError, match="larger than"):
        read(json.dumps({"playlist": {"track": [TRACK] * 10}}))


_MANY, _LONG = 8_000, 8_000
FORGED = {
    "values": (f"[{','.join(['0'] * _MANY)}]", _MANY),
    "objects with room between": (f"[{(' ' * 9 + ',').join(['{}'] * _MANY)}]", _MANY),
    "an object of names": (
        "{" + "".join(f'"{n}":1,' for n in range(_MANY)) + '"tracks":[{"title":"a"}]}',
        1,
    ),
    "a page of names": (
        '[{"a":"' + "x" * _LONG + '",'
        + "".join(f'"{n}":1,' for n in range(_MANY)) + '"items":[{"title":"a"}]}]',
        1,
    ),
    "a long page": ('{"tracks":[{"items":[' + ",".join(["[{}]"] * _MANY) + "]}]}", _MANY),
    "a long track": ('{"tracks":[[' + ",".join(["{}"] * _MANY) + "]]}", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_a_document_takes_as_much_memory_as_it_is_long(name, monkeypatch):
    """However many values are in it, and wherever: a track is held, and no other one."""
    monkeypatch.setattr(documents, "LONGEST", _LONG)
    text, count = FORGED[name]
    data = io.BytesIO(text.encode())
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_list(data, "x", Format.JSPF)) == count
        assert tracemalloc.get_traced_memory()[1] < 1.2 * len(text) + 200_000
    finally:
        tracemalloc.stop()


_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(max_examples=60)
@given(st.lists(_VALUES), st.sampled_from([None, 1]), st.booleans())
def test_a_list_is_cut_where_its_values_end(values, indent, is_ascii):
    """Whatever stands in texts: quotes, brackets, backslashes; whatever stands between."""
    text = json.dumps(values, indent=indent, ensure_ascii=is_ascii).encode()
    found = [(one, json.loads(text[one:end])) for one, end in elements(text, begin_of(text))]
    assert [value for _, value in found] == values
    for one, value in found:
        if isinstance(value, dict):
            assert len(list(members(text, one))) == len(value)


@pytest.mark.parametrize("chosen", [Format.CSV, Format.LISTENS])
def test_columns_are_bounded(chosen):
    """What stands behind the last column allowed is not looked at, so each row costs as much."""
    for count, is_read in ((MOST_CELLS - 1, True), (MOST_CELLS, False)):
        names = [f"x{number}" for number in range(count)] + ["title"]
        rows = {
            Format.CSV: f"{','.join(names)}\n{',' * count}Bo\n",
            Format.LISTENS: json.dumps(dict.fromkeys(names, "Bo")) + "\n",
        }
        try:
            (entry,) = read(rows[chosen], chosen)
        except BadRequestError:
            assert not is_read
        else:
            assert (entry.title == "Bo") == is_read


@pytest.mark.parametrize("at", [10**400, -(10**400), 20190301, 225000])
def test_an_instant_that_is_none_costs_nothing_else(at):
    """A listen whose instant cannot be one is a play without a day."""
    entry = first(json.dumps({**LISTEN, "listened_at": at}) + "\n", Format.LISTENS)
    assert entry.plays == Plays(1, None, None)
    assert entry.title == "Moorings"


def test_names_are_on_one_line():
    """Line ends and other control letters in a name are a space, whatever it was written in."""
    entry = entry_of(1, Said("\x00Ada\r\n", "Bo\r\n\tCy\u2028Dee", "\x85E\nF"))
    assert (entry.artist, entry.title, entry.album) == ("Ada", "Bo Cy Dee", "E F")


def test_a_table_is_told_by_its_first_row():
    """Whatever names stand in the rows behind it."""
    (entry,) = read("artist,title\n#EXTM3U,Bo\n")
    assert entry.readings == (("#EXTM3U", "Bo"),)
    assert format_of("#EXTINF:200,Title\nx.mp3\n") is Format.M3U


def test_values_of_another_form_say_nothing():
    """Numbers, lists and nothing where text belongs break no reading."""
    strange = [
        {"title": 1999, "artist": ["Ada", "Bo"]},
        {"title": None, "identifier": {"a": 1}},
        {"track_metadata": {"artist_name": 3, "additional_info": [], "track_name": None}},
        [],
        None,
    ]
    one, *others = read(json.dumps(strange))
    assert one.readings[0] == ("Ada, Bo", "1999")
    assert all(other.wrong for other in others)


_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x03\xe8\0\0\x02\x58\x08\x06\0\0\0"


@pytest.mark.parametrize("chosen", [None, *Format])
@pytest.mark.parametrize("data", [_PNG, b"ID3\4\0\0\0\0", b"\1\2Ada - Rain\n" * 9, b"Ada\0Rain\n"])
def test_what_is_no_text_is_no_list(data, chosen):
    """A file with bytes that no text has is refused before a line of it is given."""
    with pytest.raises(BadRequestError, match="no list"):
        read_list(io.BytesIO(data), "list", chosen)


def test_a_damaged_letter_leaves_a_list_one():
    """One control character in the line of a song, or the end of file of DOS, refuses no list."""
    lines = "".join(f"Ada - Rain number {n} of the morning\n" for n in range(9))
    assert len(read("Bo - Fog\x01\n" + lines)) == 10
    assert len(read("Bo - Fog\n" + lines + "\x1a")) >= 10


_PIECES = st.sampled_from(
    [b"#EXTM3U\n", b"#EXTINF:", b"artist,title\n", b'{"', b"[", b"<x>", b'"', b"\n", b"\xff\xfe",
     b"\x00", b"sep=;", b"sep=\t\n", b'<?xml version="1.0" encoding="shift_jis"?>',
     b'<?xml version="1.0" encoding="', b'"?>', b"utf-16", b"</x>", b"#", b" - ",
     b"a.mp3", b"\\ud800", b"\xc3", b",", b"}"]
)  # fmt: skip


@given(st.lists(_PIECES | st.binary(max_size=9), max_size=12), st.sampled_from([None, *Format]))
@example([b"\xff\xfe", b"artist,title\n"], Format.JSPF)  # cut off within a letter of two bytes
@example([b"\xfe\xff", b"\xd8\x00"], Format.JSPF)  # half of a pair
def test_no_bytes_break_the_reader(pieces, chosen):
    """Whatever a file holds, it is read, or refused in our words."""
    try:
        entries = read(b"".join(pieces), chosen)
    except BadRequestError:
        return
    assert all(bool(one.wrong) != bool(one.readings or one.mbids or one.isrcs) for one in entries)
