"""What of a report a Sigma rule can say: the same items, the same accounts, under their names."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
import yaml
from tests.guard.score.logs import combined, listeners, scraper
from tests.guard.score.scored import report_of

from phonotheque.guard.score.items import item_rule
from phonotheque.guard.score.json_log import fields_of
from phonotheque.guard.score.sigma import sigma_rule


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Of people and a scraper, made once."""
    data = combined(sorted(listeners() + scraper("203.0.113.1", 500)))
    return report_of(tmp_path_factory.mktemp("report") / "access.log", data)


def rules_of(text):
    """The two documents; the second refers to the first by its identifier."""
    fetched, many = yaml.safe_load_all(text)
    assert many["correlation"]["rules"] == [fetched["id"]]
    assert UUID(fetched["id"]).version == UUID(many["id"]).version == 5
    assert len({fetched["id"], many["id"]}) == 2
    return fetched, many


def test_a_rule_names_nobody_who_is_ordinary(report):
    """Its limit is above what ordinary visitors have, and it has all that the form asks for."""
    fetched, many = rules_of(sigma_rule(report, item_rule(None)))
    assert fetched["logsource"] == {"category": "webserver"}
    correlation = many["correlation"]
    assert correlation["type"] == "value_count"
    assert correlation["group-by"] == ["c-ip"]
    assert correlation["timespan"] == "1d"
    assert correlation["condition"]["field"] == "cs-uri-stem"
    assert report.most < correlation["condition"]["gt"] <= 300


def is_fetch(fetched, path):
    """Whether a rule's own words take a path for an item: letters of any case, as Sigma does."""
    detection, low = fetched["detection"], path.lower()
    assert detection["condition"] == "fetched and not styles_and_scripts and not for_programs"
    ends = detection["styles_and_scripts"]["cs-uri-stem|endswith"]
    begins = detection["for_programs"]["cs-uri-stem|startswith"]
    return not low.endswith(tuple(ends)) and not low.startswith(tuple(begins))


@pytest.mark.parametrize(
    "path",
    ["/a.css", "/a.JS", "/x.mjs", "/a.map", "/favicon.png", "/robots.txt", "/SITEMAP-2.xml",
     "/f.woff", "/f.woff2", "/.well-known/x", "/song/1.ogg", "/css", "/a.css.html", "/"],
)  # fmt: skip
def test_what_is_no_item_is_none_in_the_rule(report, path):
    """Without a pattern both leave out the same furniture."""
    fetched, _ = rules_of(sigma_rule(report, item_rule(None)))
    assert is_fetch(fetched, path) == (item_rule(None).of(path.encode()) is not None)


def test_the_pattern_of_an_item_stands_in_the_rule(report):
    """As it was given, quoted so that no letter of it is lost; then nothing else is left out."""
    pattern = r"""/song/([^/.'"]+)\.ogg: # x"""
    fetched, many = rules_of(sigma_rule(report, item_rule(pattern)))
    assert fetched["detection"]["fetched"]["cs-uri-stem|re"] == pattern
    assert fetched["detection"]["condition"] == "fetched"
    other, other_many = rules_of(sigma_rule(report, item_rule("/album/([0-9]+)")))
    assert fetched["id"] != other["id"]
    assert many["id"] != other_many["id"]
    assert sigma_rule(report, item_rule(pattern)) == sigma_rule(report, item_rule(pattern))


def test_fields_stand_under_their_own_names(report):
    """Of JSON as they were named, and only those that its lines have."""
    said = {"account": "user.id", "item": "track", "time": "when", "played_ms": "heard"}
    text = sigma_rule(report, item_rule(None), fields_of(b"{}", said, "a.log"))
    fetched, many = rules_of(text)
    assert fetched["detection"]["fetched"] == {"heard|gte": 60_000, "track|exists": True}
    assert many["correlation"]["group-by"] == ["user.id"]
    assert many["correlation"]["condition"]["field"] == "track"
    assert not re.search("c-ip|cs-|sc-status", text)
