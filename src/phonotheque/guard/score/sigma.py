"""What of it can be said as a Sigma rule, for those who watch with other tools.

A rule counts different addresses of one account within a time; surprise, budgets that refill and
exact counting cannot be said in it, so that it names fewer, or names honest visitors too. Nor can
it take neighbouring addresses together.

Sources: Sigma specification 2.0, "Sigma Correlation Rules" (`value_count`), appendices "Modifiers"
and "Taxonomy" (web servers).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from uuid import NAMESPACE_URL, uuid5

from phonotheque.guard.score.gathering import COPIED_MS
from phonotheque.guard.score.items import FURNITURE_BEGINS, FURNITURE_ENDS, ItemRule
from phonotheque.guard.score.json_log import Fields
from phonotheque.guard.score.report import Report

_OF_WEB_SERVERS = Fields("c-ip", "cs-uri-stem", "date", "sc-status", "cs-method")
"""What Sigma calls the fields of the common and the combined log format."""

_LEAST = 100


def sigma_rule(report: Report, rule: ItemRule, fields: Fields | None = None) -> str:
    """Return two rules in YAML: what a fetch is, and how many of them are too many.

    The limit is twice what one in a thousand of the others had in the whole log. Their identifiers
    follow from what they say, so that those of two services can stand side by side.

    Args:
        rule: What an item is.
        fields: Where lines of JSON say what, under the names that they have there.
    """
    names = fields or _OF_WEB_SERVERS
    fetched = "\n".join(_fetched(rule, names))
    fetched_id = _identifier(fetched)
    said = _many(report, names, fetched_id)
    return (
        f"title: Something of the catalogue fetched\nid: {fetched_id}\n{fetched}\n---\n"
        f"title: One account goes through the catalogue\nid: {_identifier(said)}\n{said}"
    )


def _identifier(text: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"urn:phonotheque:sigma:{text}"))


def _fetched(rule: ItemRule, names: Fields) -> Iterator[str]:
    yield "status: experimental\nlogsource:\n  category: webserver\ndetection:\n  fetched:"
    if names.method:
        yield f"    {_text(names.method)}: GET"
    if names.status:
        yield f"    {_text(names.status)}:\n      - 200\n      - 206"
    if names.played_ms:
        yield f"    {_text(f'{names.played_ms}|gte')}: {COPIED_MS}"
    if names.limited:
        yield f"    {_text(names.limited)}: true"
    if rule.pattern is not None:
        yield f"    {_text(f'{names.item}|re')}: {_text(rule.pattern.pattern.decode())}"
        yield "  condition: fetched"
        return
    yield f"    {_text(f'{names.item}|exists')}: true"
    for name, how, parts in (
        ("styles_and_scripts", "endswith", FURNITURE_ENDS),
        ("for_programs", "startswith", FURNITURE_BEGINS),
    ):
        listed = "".join(f"\n      - {_text(part)}" for part in parts)
        yield f"  {name}:\n    {_text(f'{names.item}|{how}')}:{listed}"
    yield "  condition: fetched and not styles_and_scripts and not for_programs"


def _many(report: Report, names: Fields, fetched_id: str) -> str:
    limit = max(_LEAST, 2 * report.most)
    return f"""\
status: experimental
description: >-
  More different items within a day than twice what 999 in 1,000 of {report.others:,} ordinary
  visitors of a log had in all of it ({report.most:,}), and at least {_LEAST}.
correlation:
  type: value_count
  rules:
    - {fetched_id}
  group-by:
    - {_text(names.account)}
  timespan: 1d
  condition:
    field: {_text(names.item)}
    gt: {limit}
falsepositives:
  - Search engines, which call themselves so
  - Many people behind one address
level: medium
"""


def _text(text: str) -> str:
    """Text as YAML: plain where it cannot be anything else, else in the quotation marks of JSON."""
    is_plain = text[:1].isalpha() and all(c.isalnum() or c in "-_.|" for c in text)
    return text if is_plain else json.dumps(text, ensure_ascii=False)
