"""The papers of a publication: written from one sheet, so that they cannot contradict."""

import csv
import io
import json
import re
import warnings
from dataclasses import replace
from html.parser import HTMLParser

import msgspec
import pytest
from tests.publish.facts.sample import GOLDEN, SITE, listings, papers, sheet

from phonotheque.errors import MalformedError
from phonotheque.music.tdm_statement import SENTENCE
from phonotheque.publish.facts import words
from phonotheque.publish.facts.datasheet import UNRECORDED, parts
from phonotheque.publish.facts.listing import encode_listing, parse_listings, read_listing
from phonotheque.publish.facts.machine_files import ServedAt, policy
from phonotheque.publish.facts.page import page
from phonotheque.publish.facts.sheet import Counted, Share, make_sheet
from phonotheque.publish.facts.text import sections


def empty():
    """The sheet of an archive that has published nothing."""
    return make_sheet(Counted("u", "small", "Small"), [], None, [], publication=1)


def changed(**fields):
    """The sheet with other totals."""
    whole = sheet()
    return msgspec.structs.replace(whole, totals=msgspec.structs.replace(whole.totals, **fields))


@pytest.mark.parametrize("name", sorted(path.name for path in GOLDEN.iterdir()))
def test_papers_are_written_as_they_were(name):
    """The same figures give the same bytes, as they stand in the golden papers."""
    assert papers()[name].decode() == (GOLDEN / name).read_text(encoding="utf-8")


def test_every_paper_has_a_golden_one():
    """No paper can change unseen."""
    assert set(papers()) == {path.name for path in GOLDEN.iterdir()}


class _Texts(HTMLParser):
    """All texts of a page, and its elements."""

    def __init__(self, text):
        super().__init__()
        self.texts, self.elements = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        if data.strip():
            self.texts.append(data.strip().replace("\u00a0", " "))


def test_the_page_says_what_the_text_says():
    """Every sentence, point and cell of the sheet is on the page, and no title becomes markup."""
    read = _Texts(page(sheet()))
    for part in sections(sheet()):
        for text in (part.name, *part.sentences, *part.points, *(c for r in part.rows for c in r)):
            assert text in read.texts, text
    tags = {tag for tag, _ in read.elements}
    assert not tags & {"b", "i", "script", "style"}
    keys = {key for _, has in read.elements for key in has}
    assert not any(key.startswith("on") or key == "style" for key in keys)
    assert {"name": "content-usage", "content": "train-ai=n"} in [has for _, has in read.elements]


def test_json_text_and_page_tell_the_same_sentences():
    """What the JSON says in sentences stands in the text, word for word but for escapes."""
    record = json.loads(papers()["fact-sheet.json"])
    text = re.sub(r"\\(.)", r"\1", papers()["fact-sheet.md"].decode())
    for sentence in (*record["summary"], *record["what_it_is_not"], *record["always"], SENTENCE):
        assert sentence in text


def test_figures_add_up():
    """Totals are the sums of kinds, tiers, licences and formats."""
    record = json.loads(papers()["fact-sheet.json"])
    totals = record["totals"]
    assert sum(kind["size_bytes"] for kind in record["kinds"]) == totals["size_bytes"]
    assert sum(kind["torrents"] for kind in record["kinds"]) == totals["torrents"]
    assert sum(tier["items"] for tier in record["tiers"]) == totals["recordings"]
    assert sum(one["recordings"] for one in record["licences"]) == totals["recordings"]
    assert sum(one["recordings"] for one in record["formats"]) == totals["recordings"]
    training = record["training"]
    told = training["reserved"] + training["not_reserved"] + training["unknown"]
    assert told == totals["recordings"] == totals["lossless"] + totals["lossy"]


def test_the_descriptor_is_valid_and_its_records_can_be_read(tmp_path):
    """mlcroissant finds no fault in it, and reads the torrents whose digest it names."""
    mlcroissant = pytest.importorskip("mlcroissant")
    (tmp_path / "facts").mkdir()
    for name, data in papers().items():
        (tmp_path / "facts" / name).write_bytes(data)
    record = json.loads(papers()["croissant.json"])
    for file in record["distribution"]:  # as it is without an address
        path = file["contentUrl"].removeprefix(SITE.base)
        file["contentUrl"] = path.removeprefix("facts/") if "facts/" in path else f"../{path}"
    descriptor = tmp_path / "facts" / "croissant.json"
    descriptor.write_text(json.dumps(record), encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = mlcroissant.Dataset(descriptor)
        issues = dataset.metadata.ctx.issues
        assert not issues.errors
        assert not issues.warnings
        rows = list(dataset.records("torrents"))
    assert [row["torrents/name"].decode() for row in rows] == [f.name for f, _ in listings()]
    assert sum(row["torrents/size_bytes"] for row in rows) == sheet().totals.size_bytes


def test_the_descriptor_is_a_schema_org_dataset():
    """It has what schema.org and dataset search ask of a Dataset, and no terms of its own."""
    record = json.loads(papers()["croissant.json"])
    assert record["@type"] == "sc:Dataset"
    assert record["@context"]["sc"] == record["@context"]["@vocab"] == "https://schema.org/"
    for key in ("name", "description", "license", "creator", "datePublished", "distribution"):
        assert record[key]
    assert set(record["license"]) == {one.licence for one in sheet().licences}


def test_a_table_line_is_what_the_facts_are():
    """The table has one line for each torrent with the digest of its listing."""
    rows = list(csv.DictReader(io.StringIO(papers()["torrents.csv"].decode())))
    assert [row["listing_sha256"] for row in rows] == [facts.listing for facts, _ in listings()]


def test_a_listing_is_read_back():
    """What is written is read; what is cut short, or no listing at all, is refused."""
    _, files = listings()[0]
    data = encode_listing(files)
    assert read_listing(data, "x") == files
    for wrong in (data[:-5], b"no", encode_listing(files) + b"x", b""):
        with pytest.raises(MalformedError):
            read_listing(wrong, "files/x.jsonl.zst")


def test_an_empty_publication_says_so():
    """Nothing published is told as nothing, and nothing is divided by it."""
    assert words.summary(empty()) == ["Small has published nothing yet."]
    assert words.what_it_is_not(empty()) == []
    assert "Small" in page(empty())


def test_coverage_names_its_bounds_and_whose_plays_they_are():
    """A share of listens comes with its error bar; our own plays are called what they are."""
    coverage = sheet().coverage
    assert "at least 3.1 %, at most 20 %" in words.coverage_sentence(coverage)
    own = msgspec.structs.replace(coverage, is_own_plays_only=True)
    assert "say nothing about listening elsewhere" in words.coverage_sentence(own)
    exact = msgspec.structs.replace(coverage, listens=Share(0.5, 0.5, 0.5))
    assert words.listens_text(exact) == "50 %"
    none = msgspec.structs.replace(coverage, listens=None)
    assert "is not known" in words.coverage_sentence(none)


@pytest.mark.parametrize(
    ("lossless", "lossy", "told"),
    [
        (3, 0, "It is not re-encoded: all 3 recordings are lossless."),
        (0, 3, "It is not lossless: no recording keeps every sample."),
        (1, 2, "It is not lossless throughout: every sample is kept in 1 of 3 recordings."),
    ],
)
def test_nobody_can_call_it_lossless_by_mistake(lossless, lossy, told):
    """What is lossless is counted in so many words."""
    sentences = words.what_it_is_not(changed(lossless=lossless, lossy=lossy))
    assert any(sentence.startswith(told) for sentence in sentences)


def test_size_of_music_and_size_of_all_cannot_be_swapped():
    """The sheet says which bytes are music and which are not."""
    (told,) = [one for one in words.what_it_is_not(sheet()) if "of metadata" in one]
    assert "15.0 MB are recordings, 10.4 kB are lists" in told


def test_a_tag_that_counts_is_told():
    """Where licence tags are enough for the archive, the sheet says so."""
    whole = sheet()
    counted = msgspec.structs.replace(whole.counted, do_tags_count=True)
    relying = msgspec.structs.replace(whole, counted=counted)
    assert "a licence tag in its file, on which" in words.what_it_is_not(relying)[0]
    assert "a licence tag" not in words.what_it_is_not(whole)[0]


def test_every_question_of_the_datasheet_is_answered():
    """No question stays without an answer, and what is not on record is called so."""
    answers = [answer for part in parts(sheet(), SITE) for _, answer in part.answers]
    assert all(answers)
    assert len(parts(sheet(), SITE)) == 7
    assert answers.count(UNRECORDED) >= 3
    assert all(answer for part in parts(empty(), ServedAt("S")) for _, answer in part.answers)


def test_without_an_address_nothing_points_into_the_void():
    """An archive without a URL names its files relative to each other, and no policy."""
    for address in ("", "mail@small.example", "javascript:alert(1)"):
        site = replace(SITE, address=address)
        assert (site.base, site.path, site.policy_url) == ("", "/", "")


@pytest.mark.parametrize(
    ("address", "contact"),
    [
        ("https://small.example", {"vcard:hasURL": "https://small.example/"}),
        ("mail@small.example", {"vcard:hasEmail": "mailto:mail@small.example"}),
        ("", {}),
    ],
)
def test_the_policy_says_whom_to_ask(address, contact):
    """Who wants consent finds the archive's page or its mail address, or neither, never a guess."""
    assigner = policy(replace(SITE, address=address))["assigner"]
    assert {key: text for key, text in assigner.items() if key.startswith("vcard:has")} == contact


def test_digests_of_listings_are_read_by_torrent():
    """Each line of `listings.sha256` that can be meant is taken; what leads elsewhere is not."""
    digest = "0123456789abcdef" * 4
    odd = (
        f"{digest}  files/../x.jsonl.zst",
        f"{digest}  elsewhere/a.jsonl.zst",
        "files/a",
        "\udcff",
    )
    text = "\n".join((f"{digest}  files/small-open-all-00001.jsonl.zst", *odd, ""))
    read = parse_listings(text.encode("utf-8", "surrogateescape"))
    assert read == {"small-open-all-00001": digest}
