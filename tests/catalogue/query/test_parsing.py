"""The query language: what is typed, what it means, and what is refused."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.query.formatting import format_query
from phonotheque.catalogue.query.licences import addresses_of, name_licence, short_name
from phonotheque.catalogue.query.parsed import Field, Identifier, Parsed, Scheme
from phonotheque.catalogue.query.parsing import _EXAMPLES, parse
from phonotheque.catalogue.query.terms import MAX_LENGTH
from phonotheque.errors import BadRequestError
from phonotheque.music.creative_commons import iter_deeds

ISRC = Identifier(Scheme.ISRC, "USRC17607839")
BARCODE = Identifier(Scheme.BARCODE, "04006381333931")
GID = Identifier(Scheme.GID, "b84ee12a-09ef-421b-82de-0441a926375b")

MEANINGS = {
    "dark side moon": Parsed("dark side moon"),
    "  dark\t side\u00a0moon\n": Parsed("dark side moon"),
    'artist:"pink floyd" year:1970..1975 held:yes moon': Parsed(
        "moon", artist="pink floyd", years=(1970, 1975), is_held=True
    ),
    "artist:simon artist:garfunkel": Parsed(artist="simon garfunkel"),
    "ARTIST:Björk": Parsed(artist="Björk"),
    "album:moon": Parsed(release="moon"),
    "year:1990": Parsed(years=(1990, 1990)),
    "year:1990..": Parsed(years=(1990, None)),
    "year:..1995": Parsed(years=(None, 1995)),
    "country:de country:FR": Parsed(countries=("DE", "FR")),
    "country:xw": Parsed(countries=("XW",)),
    'genre:"Drum and Bass" genre:dub': Parsed(genres=("drum and bass", "dub")),
    "free:no held:true": Parsed(is_free=False, is_held=True),
    "kind:artists ada": Parsed("ada", kind=Kind.ARTIST),
    "isrc:us-rc1-76-07839": Parsed(identifier=ISRC),
    "barcode:4006381333931": Parsed(identifier=BARCODE),
    f"mbid:{GID.value.upper()}": Parsed(identifier=GID),
    'catalogue:"SHVL 804"': Parsed(identifier=Identifier(Scheme.CATALOGUE, "SHVL 804")),
    "id:Discogs:249504": Parsed(identifier=Identifier(Scheme.EXTERNAL, "discogs:249504")),
    "US-RC1-76-07839": Parsed("US-RC1-76-07839", identifier=ISRC),
    "4006381333931": Parsed("4006381333931", identifier=BARCODE),
    f"https://musicbrainz.org/recording/{GID.value}": Parsed(
        f"https://musicbrainz.org/recording/{GID.value}", identifier=GID
    ),
    '"4006381333931"': Parsed("4006381333931"),
    "4006381333931 moon": Parsed("4006381333931 moon"),
    '12" mix': Parsed('12" mix'),
    '"say ""no"""': Parsed('say "no"'),
    "“several words”": Parsed("several words"),
    "Part 1: Dawn": Parsed("Part 1: Dawn"),
    "AC - DC": Parsed("AC - DC"),
    "DO NOT DISTURB": Parsed("DO NOT DISTURB"),
    '"-M-" "Re:Stacks"': Parsed("-M- Re:Stacks"),
    "\u200fartist:\u202ex\u0000y": Parsed("y", artist="x"),
    "東京 artist:椎名林檎": Parsed("東京", artist="椎名林檎"),
}


@pytest.mark.parametrize("text", MEANINGS)
def test_what_is_typed_has_its_meaning(text):
    """Fields, quotes, ranges and identifiers are read as people write them."""
    assert parse(text) == MEANINGS[text]


REFUSED = {
    "": "it is empty",
    "!!!": "no letter or digit",
    "artits:x": "Did you mean artist?",
    "Re:Stacks": "put them in quotes",
    "artist:": 'right behind the colon: artist:"',
    "artist: pink": "nothing stands behind artist:",
    'artist:""': "nothing stands behind artist:",
    'artist:"!!!"': "no letter or digit",
    "year:1995..1990": "Write year:1990..1995",
    "year:90": "Write year:1990,",
    "year:..": "no range of years",
    "year:19901995": "no range of years",
    "year:1990-1995": "no range of years",
    "year:1066": "1800 to 2099",
    "year:٢٠٠٠": "no range of years",
    "year:1990 year:1991": "Give one",
    "licence:ccby": "Did you mean cc-by?",
    "licence:cc-by-9.0": "cc-by-4.0 for one",
    "country:uk": "GB",
    "country:germany": "Write its code of two letters",
    "held:maybe": "held:yes",
    "kind:relase": "Did you mean release?",
    "isrc:US": "isrc:USRC17607839",
    "barcode:4006381333932": "wrong last digit",
    "gid:7": "no UUID",
    "id:249504": "the scheme first",
    "catalogue:-": "no letter or digit",
    "isrc:USRC17607839 moon": "by itself",
    "isrc:USRC17607839 held:yes": "by itself",
    "isrc:USRC17607839 barcode:4006381333931": "Give one",
    "-moon": "leaving out what has a word is not supported",
    "moon -artist:pink": "leaving out",
    "moon !artist:pink": "leaving out",
    "moon NOT artist:pink": "leaving out",
    'moon -"dark side"': "leaving out",
    'artist:"pink': "not closed",
    "word " * 10_000: "50,000 characters",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:30])
def test_what_cannot_be_meant_is_refused_with_what_to_type(text):
    """A refusal names what was typed and says what to type instead."""
    with pytest.raises(BadRequestError) as refused:
        parse(text)
    assert REFUSED[text] in str(refused.value)
    assert len(refused.value.thing) <= 60
    assert refused.value.todo.endswith(".")


def test_an_unknown_field_is_told_all_fields():
    """Whoever misses a field reads which there are."""
    with pytest.raises(BadRequestError) as refused:
        parse("composer:bach")
    assert all(field in refused.value.todo for field in Field)


@pytest.mark.parametrize("field", Field)
def test_an_empty_value_is_told_an_example_that_can_be_read(field):
    """Each field's example is a query."""
    assert _EXAMPLES[field].startswith(f"{field}:")
    assert not parse(_EXAMPLES[field]).is_empty


LETTERS = st.one_of(
    st.characters(),
    st.sampled_from('"-!:. ' + string.ascii_letters + "\u202e\u200f\x00\ue000\ud800\u3000é愛"),
)
PIECES = st.one_of(
    st.text(LETTERS, max_size=12),
    st.sampled_from([f"{field}:" for field in Field]),
    st.sampled_from([*_EXAMPLES.values(), *MEANINGS, "NOT", " ", '"', "cc-by", "1990..", "yes"]),
)


@given(st.lists(PIECES, max_size=8).map("".join), st.booleans())
@example('artist:"a"b', False)
@example('"', True)
@example("4006381333931 kind:release", False)
def test_any_text_is_parsed_or_refused(text, is_typing):
    """Whatever is typed has a meaning or a refusal, and what has a meaning is written so that it
    is read alike."""
    try:
        parsed = parse(text, is_typing=is_typing)
    except BadRequestError:
        return
    if not (is_typing and (parsed.is_empty or parsed.text)):
        assert parse(format_query(parsed)) == parsed


NAMES = st.sampled_from(["moon", "dark side", "Björk", '12"', '"x"', "-m-", "a:b", "愛", "NOT b"])
WORDS = st.one_of(st.just(""), NAMES)
YEARS = st.sampled_from([None, (1990, 1990), (1990, None), (None, 1995), (1990, 1995)])
ANSWERS = st.sampled_from([None, True, False])
WANTED = st.builds(
    Parsed,
    text=WORDS,
    title=WORDS,
    artist=WORDS,
    release=WORDS,
    label=WORDS,
    years=YEARS,
    licences=st.sampled_from([(), ("cc-by",), ("cc-by-sa-3.0-de", "cc0-1.0"), ("public-domain",)]),
    countries=st.sampled_from([(), ("DE",), ("FR", "XW")]),
    genres=st.sampled_from([(), ("ambient",), ("drum and bass", 'a "b"')]),
    is_held=ANSWERS,
    is_free=ANSWERS,
    kind=st.sampled_from([None, *Kind]),
)


@given(WANTED.filter(lambda parsed: not parsed.is_empty))
def test_what_is_meant_can_be_written(parsed):
    """Parsing what was formatted gives the same query."""
    assert parse(format_query(parsed)) == parsed


@pytest.mark.parametrize("text", ["4006381333931", "USRC17607839", GID.value])
def test_words_that_look_like_an_identifier_stay_words(text):
    """A text that was meant as words is written so that it is not looked up."""
    assert parse(format_query(Parsed(text))) == Parsed(text)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("", Parsed()),
        ("moon artist:", Parsed("moon")),
        ("moon year:19", Parsed("moon")),
        ("moon kind:rel", Parsed("moon")),
        ('artist:"pink fl', Parsed(artist="pink fl")),
        ('"dark si', Parsed("dark si")),
        ("...", Parsed("...")),
    ],
)
def test_what_is_being_typed_is_forgiven(text, parsed):
    """While typing, the last term may lack what makes it one."""
    assert parse(text, is_typing=True) == parsed


def test_only_the_last_term_is_forgiven():
    """What stands before the last term is refused while typing as well."""
    with pytest.raises(BadRequestError):
        parse("year:19 moon", is_typing=True)


def test_the_longest_query_is_read():
    """The bound is on characters, and up to it all is read."""
    text = ("moon " * MAX_LENGTH)[: MAX_LENGTH - 1]
    assert parse(text) == Parsed(text.strip())
    with pytest.raises(BadRequestError):
        parse(text + " moon")


def test_a_licence_without_version_is_every_version():
    """cc-by is each published text of CC BY and nothing else, cc-by-4.0 that one text."""
    by = set(addresses_of("cc-by"))
    assert by == {deed.uri for deed in iter_deeds() if deed.family == "by"}
    assert addresses_of("cc-by-4.0") == ("https://creativecommons.org/licenses/by/4.0/",)
    assert len(addresses_of("public-domain")) == 3


@pytest.mark.parametrize("deed", list(iter_deeds()), ids=lambda deed: deed.spdx_id)
def test_every_published_text_can_be_named(deed):
    """Each text has a name of its own, read back to its address."""
    name = name_licence(deed.spdx_id)
    assert (name_licence(name), addresses_of(name)) == (name, (deed.uri,))
    assert name_licence(f"{deed.uri}") == name
    assert short_name(deed.uri) == deed.name


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("MIT", "MIT"),
        ("inc", "http://rightsstatements.org/vocab/InC/1.0/"),
        ("gpl-2+", "GPL-2.0-or-later"),
        ("fma", ""),
    ],
)
def test_other_licences_are_named_as_everywhere(text, address):
    """SPDX ids and rightsstatements.org codes are read; what nobody can name is refused."""
    if not address:
        with pytest.raises(BadRequestError):
            name_licence(text)
    else:
        assert addresses_of(name_licence(text)) == (address,)
