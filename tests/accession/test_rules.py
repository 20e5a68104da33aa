"""`rights.toml`: reading it, refusing it, and which rule governs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from phonotheque.accession.patterns import BadPatternError, Pattern
from phonotheque.accession.rules import KEYS, MAX_BYTES, MAX_RULES, RuleBook, Rules, parse_rules
from phonotheque.errors import BadRulesError
from phonotheque.music.statement import TDM_SPEAKERS, Tdm, Use

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rights-toml.md"

FULL = """
[[rule]]
match = "Album One/**"
licence = "CC-BY-4.0"
evidence = "https://label.example/one"
holder = "Ada Maker"
attribution = "Ada Maker, One"
from = 2020-01-01
until = 2030-01-01
territories = ["de", "AT", "DE"]
tdm = "reserved"
tdm_by = "holder"
onsite_only = false
"""


def read(text: str) -> Rules:
    return parse_rules(text.encode(), "Album/rights.toml")


def rules(*pairs: tuple[str, str]) -> Rules:
    """Rules of (pattern, evidence): the evidence tells which one was chosen."""
    return read(
        "".join(
            f"[[rule]]\nmatch = '{match}'\nlicence = 'CC0'\nevidence = '{name}'\n"
            for match, name in pairs
        )
    )


def chosen(source: Rules | RuleBook, path: str) -> str | None:
    rule = source.for_path(path)
    return rule.evidence if rule else None


# -- reading ---------------------------------------------------------------------------------------


def test_every_key_is_read() -> None:
    """A rule keeps what was written; days become ISO texts, countries sorted codes."""
    (rule,) = read(FULL).rules
    assert (rule.where, rule.number, str(rule.match)) == ("Album/rights.toml", 1, "Album One/**")
    assert (rule.licence, rule.evidence) == ("CC-BY-4.0", "https://label.example/one")
    assert (rule.holder, rule.attribution) == ("Ada Maker", "Ada Maker, One")
    assert (rule.valid_from, rule.valid_until) == ("2020-01-01", "2030-01-01")
    assert rule.territories == ("AT", "DE")
    assert (rule.tdm, rule.tdm_by, rule.onsite_only) == (Tdm.RESERVED, "holder", False)


def test_what_is_granted_is_read() -> None:
    """Uses stand in one order, each once, beside a licence that does not give them."""
    head = "[[rule]]\nmatch = '**'\nlicence = 'InC'\n"
    (rule,) = read(f"{head}granted = ['preview', 'stream', 'preview']").rules
    assert rule.granted == (Use.STREAM, Use.PREVIEW)
    (rule,) = read(f"{head}onsite_only = true\ngranted = ['on-premises']").rules
    assert rule.granted == (Use.ON_PREMISES,)


def test_only_pattern_and_licence_are_needed() -> None:
    """All else is the whole world, for ever, with nothing said about mining."""
    (rule,) = read("[[rule]]\nmatch='**'\nlicence='cc by 4.0'").rules
    assert rule.licence == "cc by 4.0"
    assert (rule.territories, rule.valid_from, rule.valid_until) == ((), None, None)
    assert (rule.tdm, rule.tdm_by, rule.onsite_only) == (Tdm.UNKNOWN, "", False)
    assert rule.granted == ()


@pytest.mark.parametrize("data", [b"", b"# nothing yet\n", b"\xef\xbb\xbf", b"rule = []"])
def test_a_file_may_hold_no_rule(data: bytes) -> None:
    """No rule is no mistake; a byte order mark is passed over."""
    assert parse_rules(data, "rights.toml").rules == ()


def test_rules_are_values() -> None:
    """The same text gives equal rules that can stand in sets and as keys."""
    assert read(FULL) == read(FULL)
    assert len({*read(FULL).rules, *read(FULL).rules}) == 1


# -- refusing --------------------------------------------------------------------------------------

REFUSED = [
    ("licence", "licence = 'CC BY'", "CC-BY-4.0"),
    ("licence", "licence = ''", "InC"),
    ("licence", "licence = 4", "not a text"),
    ("licence", "licence = 'public domain'", "CC0-1.0"),
    ("match", "match = ''", "characters"),
    ("match", "match = '/etc/**'", "begins or ends"),
    ("match", "match = 'a/../b'", ".."),
    ("match", "match = 3", "pattern"),
    ("evidence", "evidence = ['a']", "not a text"),
    ("evidence", 'evidence = "a\\u0000b"', "control"),
    ("holder", "holder = {name = 'Ada'}", "not a text"),
    ("from", "from = '2020-01-01'", "without quotes"),
    ("from", "from = 2020-01-01T00:00:00Z", "not a date"),
    ("from", "from = 00:00:00", "not a date"),
    ("until", "from = 2020-01-01\nuntil = 2020-01-01", "not later"),
    ("territories", "territories = ['UK']", "GB"),
    ("territories", "territories = 'DE'", "list"),
    ("territories", "territories = []", "whole world"),
    ("territories", "territories = ['EU']", "each country"),
    ("onsite_only", "onsite_only = 1", "true"),
    ("granted", "licence = 'InC'\ngranted = ['sing']", "One of: stream"),
    ("granted", "licence = 'InC'\ngranted = 'stream'", "list"),
    ("granted", "licence = 'InC'\ngranted = []", "empty"),
    ("granted", "licence = 'CC-BY-4.0'\ngranted = ['stream']", "allows everybody streaming"),
    ("granted", "licence = 'CC-BY-ND-4.0'\ngranted = ['preview', 'stream']", "streaming"),
    ("granted", "licence = 'InC'\nonsite_only = true\ngranted = ['stream']", "own rooms"),
    ("tdm", "tdm = 'never'\ntdm_by = 'holder'", "not-reserved"),
    ("tdm_by", "tdm = 'reserved'", "holder"),
    ("tdm_by", "tdm_by = 'holder'", "together"),
    ("tdm_by", "tdm = 'reserved'\ntdm_by = 'Ada'", "holder"),
    ("tdm_by", "tdm = 'reserved'\ntdm_by = 'law'", "right holder"),
    ("license", "license = 'CC0'", "licence"),
]


@pytest.mark.parametrize(("key", "lines", "hint"), REFUSED)
def test_a_refusal_names_file_rule_key_and_remedy(key: str, lines: str, hint: str) -> None:
    """Whatever cannot be meant is refused where it stands, with what to write instead."""
    good = "[[rule]]\nmatch = '**'\nlicence = 'CC0'\n"
    given_ = {line.partition(" ")[0] for line in lines.splitlines()}
    kept = [line for line in good.splitlines() if line.partition(" ")[0] not in given_]
    with pytest.raises(BadRulesError) as caught:
        read(good + "\n".join([*kept, lines]))
    assert caught.value.thing == f"Album/rights.toml, rule 2, key `{key}`"
    assert hint in f"{caught.value.wrong} {caught.value.todo}"


@pytest.mark.parametrize("key", ["match", "licence"])
def test_required_keys(key: str) -> None:
    """A rule without a pattern or without a licence says nothing."""
    kept = [line for line in FULL.splitlines() if not line.startswith(key)]
    with pytest.raises(BadRulesError, match=f"rule 1, key `{key}`"):
        read("\n".join(kept))


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"rule", "not TOML"),
        (b"\xff\xfe", "not TOML in UTF-8"),
        (b"[[rules]]\nmatch='**'", "`rules`"),
        (b"[rule]\nmatch='**'", "list"),
        (b"rule = [1]", "list"),
        (b"x = " + b"[" * 100_000, "nested"),
        (b"x = " + b"9" * 100_000, "not TOML"),
        (b"a." * 400_000 + b"b = 1", "dotted"),
        (b"#" * (MAX_BYTES + 1), "1048577 bytes"),
        (b"[[rule]]\n" * (MAX_RULES + 1), "10000 rules"),
    ],
)
def test_a_file_that_is_no_rules_is_refused(data: bytes, wrong: str) -> None:
    """Broken, hostile and oversized files are refused by name, in bounded time and depth."""
    with pytest.raises(BadRulesError, match=wrong) as caught:
        parse_rules(data, "deep/rights.toml")
    assert caught.value.thing.startswith("deep/rights.toml")
    assert len(str(caught.value)) < 500


_TOML = st.text("[]rule\nmatch=\"'*/licence CC0from2020-01-tdm.{}=,#\\u", max_size=120)


@settings(deadline=None)
@given(
    st.binary(max_size=200)
    | _TOML.map(str.encode)
    | st.tuples(st.integers(0, len(FULL)), st.binary(max_size=6)).map(
        lambda cut: FULL.encode()[: cut[0]] + cut[1] + FULL.encode()[cut[0] + len(cut[1]) :]
    )
)
@example(b'"\\ud800" = 1')
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """No file raises anything but `BadRulesError`, whose text fits for a terminal."""
    thing = "rights.toml"
    try:
        parse_rules(data, "rights.toml")
    except BadRulesError as error:
        thing = error.thing
    assert thing.startswith("rights.toml")
    assert thing.isprintable()


# -- which rule governs ----------------------------------------------------------------------------


def test_the_last_matching_rule_governs() -> None:
    """General rules stand first, exceptions below."""
    book = rules(("**", "all"), ("Album/**", "album"), ("Album/05*", "track"), ("Other/**", "no"))
    assert chosen(book, "a.flac") == "all"
    assert chosen(book, "Album/01.flac") == "album"
    assert chosen(book, "Album/05.flac") == "track"


def test_no_rule_is_no_rule() -> None:
    """A path that nothing matches has none."""
    assert rules(("Album/**", "album")).for_path("b.flac") is None
    assert RuleBook({}).for_path("b.flac") is None


def test_the_nearest_folder_with_a_matching_rule_wins() -> None:
    """A deeper file goes first for its own folder; where it is silent, its parents speak."""
    book = RuleBook(
        {
            "": rules(("**", "root"), ("Label/Album/02*", "root says 02")),
            "Label": rules(("Album/*", "label")),
            "Label/Album": rules(("01*", "album")),
        }
    )
    assert chosen(book, "Label/Album/01.flac") == "album"
    assert chosen(book, "Label/Album/02.flac") == "label"
    assert chosen(book, "Label/Album/CD 1/03.flac") == "root"
    assert chosen(book, "Label2/Album/01.flac") == "root"
    assert chosen(book, "01.flac") == "root"


NAMES = st.sampled_from(["a", "b", "Album", "Album 2", "01.flac"])
PATHS = st.lists(NAMES, min_size=1, max_size=5).map("/".join)


@settings(deadline=None)
@given(PATHS, st.sets(st.lists(NAMES, max_size=3).map("/".join)))
def test_a_rule_speaks_only_below_its_folder(path: str, folders: set[str]) -> None:
    """With "everything" in each of some folders, the longest folder above the path wins."""
    book = RuleBook({folder: rules(("**", f"of {folder}")) for folder in folders})
    above = [folder for folder in folders if not folder or path.startswith(f"{folder}/")]
    expected = f"of {max(above, key=len)}".strip() if above else None
    assert chosen(book, path) == expected


# -- patterns --------------------------------------------------------------------------------------


def _rows(head: str) -> list[list[str]]:
    table = PAGE.read_text(encoding="utf-8").partition(f"{head}\n")[2].partition("\n\n")[0]
    lines = table.splitlines()[1:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def _words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_the_patterns_of_the_page() -> None:
    """Every row of the page's table of patterns is true."""
    rows = _rows("| pattern | matches | does not match |")
    assert len(rows) == 7
    for pattern, matching, *other in rows:
        (text,) = _words(pattern)
        for path in _words(matching):
            assert Pattern(text).matches(path), f"{text} {path}"
        for path in _words(" ".join(other)):
            assert not Pattern(text).matches(path), f"{text} {path}"


@pytest.mark.parametrize(
    ("pattern", "path", "is_match"),
    [
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("?", "é", True),
        ("?", "e\u0301", True),
        ("Café/*", "Cafe\u0301/x", True),
        ("Cafe\u0301/*", "Café/x", True),
        ("a*b*c", "axxbyybzzc", True),
        ("a*b*c", "axxbyybzz", False),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b", "a/x/y/bb", False),
        ("**/a/**/b", "x/a/a/c/b", True),
        ("**/**", "a", True),
        ("**/*", "a/b", True),
        ("a/*", "a/", True),
        ("*", ".hidden", True),
    ],
)
def test_matching(pattern: str, path: str, *, is_match: bool) -> None:
    """One sign, one name, any folders; Unicode form makes no difference."""
    assert Pattern(pattern).matches(path) is is_match


@pytest.mark.parametrize(
    "text",
    ["", "/a", "a/", "a//b", "./a", "a/..", "a\\b", "**.flac", "a**", "***", "a\n", "x" * 1025],
)
def test_patterns_that_cannot_be_meant(text: str) -> None:
    """A pattern that matches nothing, or leaves its folder, is refused."""
    with pytest.raises(BadPatternError):
        Pattern(text)


@settings(deadline=None)
@given(PATHS)
def test_a_path_matches_itself(path: str) -> None:
    """A path without signs is a pattern for itself, for everything and for its folder."""
    assert Pattern(path).matches(path)
    assert Pattern("**").matches(path)
    assert Pattern(f"{path}/**").matches(f"{path}/x")
    assert not Pattern(f"{path}/**").matches(path)


def _as_regex(pattern: str) -> re.Pattern[str]:
    """The same language by another way, slow and plain."""
    text = ""
    parts = pattern.split("/")
    for place, part in enumerate(parts):
        is_last = place == len(parts) - 1
        if part == "**":
            text += ".+" if is_last else "(?:[^/]+/)*"
        else:
            signs = {"*": "[^/]*", "?": "[^/]"}
            text += "".join(signs.get(sign, re.escape(sign)) for sign in part)
            text += "" if is_last else "/"
    return re.compile(text, re.DOTALL)


_PART = st.text("ab*?", min_size=1, max_size=5).filter(lambda part: "**" not in part)
_NAME = st.text("ab", min_size=1, max_size=5)


@settings(deadline=None)
@given(
    st.lists(_PART | st.just("**"), min_size=1, max_size=5).map("/".join),
    st.lists(_NAME, min_size=1, max_size=5).map("/".join),
)
def test_matching_agrees_with_regular_expressions(pattern: str, path: str) -> None:
    """The matcher says what the pattern's plain translation says."""
    assert Pattern(pattern).matches(path) == bool(_as_regex(pattern).fullmatch(path))


# -- the page --------------------------------------------------------------------------------------


def _fenced(language: str) -> list[str]:
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_examples_of_the_page_are_read() -> None:
    """Every example is a whole file that is read, and together they show every key."""
    examples = _fenced("toml")
    assert len(examples) == 6
    for text in examples:
        assert read(text).rules
    assert all(re.search(rf"^{key} = ", "\n".join(examples), re.MULTILINE) for key in KEYS)


def test_the_label_of_the_page_is_governed_as_it_says() -> None:
    """The exception below wins over the rule for all."""
    label = read(_fenced("toml")[1])
    licences = {
        "MT01/01 Rain.flac": "https://creativecommons.org/licenses/by-sa/4.0/",
        "MT07 [promo]/01 Fog.flac": "CC BY-NC-ND 2.5 CA",
        "MT07 [promo]/05 Guest.flac": "InC",
    }
    for path, licence in licences.items():
        rule = label.for_path(path)
        assert rule is not None
        assert rule.licence == licence


def test_the_page_has_every_key() -> None:
    """The table of keys is the program's list, in its order, with every use and value of `tdm`."""
    rows = _rows("| key | value | meaning |")
    assert tuple(_words(row[0])[0] for row in rows) == KEYS
    meanings = " ".join(row[2] for row in rows)
    assert all(f"`{word}`" in meanings for word in (*Tdm, *TDM_SPEAKERS, *Use))


def test_the_refusal_of_the_page_is_the_programs() -> None:
    """The message that the page shows is the one that is printed."""
    good = "[[rule]]\nmatch = '**'\nlicence = 'CC0'\n"
    with pytest.raises(BadRulesError) as caught:
        read(good + good.replace("CC0", "CC BY"))
    assert f"{caught.value}\n" in _fenced("text")
