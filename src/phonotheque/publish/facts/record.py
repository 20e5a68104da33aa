"""The fact sheet as programs read it: `facts/fact-sheet.json`.

Laws: every key is always there; sentences stand beside the figures that they were made of; keys are
only added (`docs/reference/fact-sheet.md`).
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from phonotheque.music.tdm_statement import SENTENCE
from phonotheque.publish.facts.sheet import SCHEMA, FactSheet
from phonotheque.publish.facts.words import ALWAYS, faults, summary, what_it_is_not


def record_of(sheet: FactSheet) -> dict[str, Any]:
    """Return the sheet as a JSON object."""
    counted = msgspec.to_builtins(sheet.counted)
    return {
        "schema": SCHEMA,
        "archive": counted["archive"],
        "name": counted["name"],
        "title": counted["title"],
        "address": counted["address"],
        "publication": sheet.publication,
        "as_of": counted["as_of"],
        "cut_off": counted["cut_off"],
        "began": counted["began"],
        "summary": summary(sheet),
        "what_it_is_not": what_it_is_not(sheet),
        "totals": msgspec.to_builtins(sheet.totals),
        "kinds": msgspec.to_builtins(sheet.kinds),
        "tiers": msgspec.to_builtins(sheet.tiers),
        "licences": msgspec.to_builtins(sheet.licences),
        "formats": [_format(one) for one in msgspec.to_builtins(sheet.formats)],
        "coverage": msgspec.to_builtins(sheet.coverage),
        "training": {"statement": SENTENCE, **_words(sheet.mining)},
        "not_in_it": msgspec.to_builtins(sheet.left),
        "known_faults": [{"fault": one.reason, "count": one.recordings} for one in faults(sheet)],
        "always": list(ALWAYS),
        "held": {"recordings": counted["held"], "size_bytes": counted["held_bytes"]},
        "withdrawn": {"objects": counted["removed"], "torrents": counted["retired"]},
        "licence_of_this_sheet": counted["catalogue_licence"],
    }


def _format(one: dict[str, Any]) -> dict[str, Any]:
    return {"codec": "", "is_lossless": False, **one}


def _words(mining: dict[str, int]) -> dict[str, int]:
    return {
        "reserved": mining.get("reserved", 0),
        "not_reserved": mining.get("not-reserved", 0),
        "unknown": mining.get("unknown", 0),
    }


def encode_json(value: object) -> bytes:
    """Write JSON for people too: indented, UTF-8, a newline at its end."""
    # msgspec indents: json's own way with an indent takes fifteen times as long.
    return (msgspec.json.format(json.dumps(value, ensure_ascii=False), indent=1) + "\n").encode()
