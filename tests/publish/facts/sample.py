"""A publication with something of everything, and the papers that are written of it.

Run `python -m tests.publish.facts.sample` to write the golden papers anew after a wanted change.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from phonotheque.publish.facts.croissant import croissant
from phonotheque.publish.facts.datasheet import datasheet
from phonotheque.publish.facts.listing import (
    ListedFile,
    Sounding,
    TorrentFacts,
    encode_listing,
    facts_of,
)
from phonotheque.publish.facts.machine_files import (
    ServedAt,
    ai_txt,
    free_volumes,
    policy,
    robots_txt,
    rules_of,
)
from phonotheque.publish.facts.record import encode_json, record_of
from phonotheque.publish.facts.sheet import (
    Counted,
    Coverage,
    FactSheet,
    Reason,
    Share,
    make_sheet,
)
from phonotheque.publish.facts.text import markdown
from phonotheque.publish.facts.torrents_table import torrents_csv

GOLDEN = Path(__file__).parent / "golden"
TITLE = "Small <b>Records</b> | & Söhne\u202e"
SITE = ServedAt(TITLE, "https://small.example/bulk")
BY = "https://creativecommons.org/licenses/by/4.0/"
BY_NC_ND = "https://creativecommons.org/licenses/by-nc-nd/4.0/"
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"


def recording(number: int, licence: str, tdm: str = "unknown", by: str = "") -> ListedFile:
    """A recording of a volume."""
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    path = f"{sha256[:2]}/{sha256[2:4]}/{sha256}.flac"
    artists = ("Ada Ölund", "Bo") if number % 3 else ()
    return ListedFile(
        path,
        1_000_000 * number,
        sha256,
        title=f"Piece {number}",
        artists=artists,
        licence=licence,
        source="Small Records",
        tdm=tdm,
        tdm_by=by,
    )


def volume(name: str, kind: str, files: list[ListedFile]) -> tuple[TorrentFacts, list[ListedFile]]:
    """A volume of these recordings and one list."""
    listed = [*files, ListedFile(f"lists/{name}/README.txt", 1500, "ab" * 32)]
    heard = [
        Sounding("flac" if number % 2 else "mp3", bool(number % 2), 200_000, number == 1)
        for number, _ in enumerate(files)
    ]
    data = encode_listing(listed)
    return facts_of(name, kind, listed, [*heard, None], data, has_gids=False), listed


def listings() -> list[tuple[TorrentFacts, list[ListedFile]]]:
    """Three volumes (of several minds, free, reserved) and a pack."""
    pack = [ListedFile("index.tsv.zst", 5000, "cd" * 32), ListedFile("README.txt", 900, "ef" * 32)]
    data = encode_listing(pack)
    packed = facts_of("small-facts-all-00001", "facts", pack, [None, None], data, has_gids=True)
    return [
        volume(
            "small-open-t50-00001",
            "open",
            [
                recording(1, BY, "reserved", "holder"),
                recording(2, BY),
                recording(3, CC0, "not-reserved", "law"),
            ],
        ),
        volume("small-open-rest-00002", "open", [recording(4, CC0, "not-reserved", "law")]),
        volume("small-nc-nd-rest-00001", "nc-nd", [recording(5, BY_NC_ND, "reserved", "society")]),
        (msgspec.structs.replace(packed, items=12), pack),
    ]


def sheet() -> FactSheet:
    """The figures of it."""
    counted = Counted(
        archive="6f0c5f9e-3f0a-4b1e-9a55-0d6f6e6f7465",
        name="small",
        title=TITLE,
        address=SITE.address,
        as_of="2026-11-21T05:00:00.000000Z",
        cut_off="2026-11-20T23:59:59.000000Z",
        began="2024-02-01T00:00:00.000000Z",
        held=9,
        held_bytes=31_000_000,
        bad_bytes=1,
        removed=2,
        retired=1,
        catalogue_licence="CC0-1.0",
    )
    coverage = Coverage(1_000_000, 5, 90_000, 1, Share(0.0312, 0.03127, 0.2), False, "")
    left = [Reason("Nothing is known about its rights.", 3), Reason("A <i>better</i> copy.", 4)]
    torrents = [facts for facts, _ in listings()]
    return make_sheet(counted, torrents, coverage, left, publication=7)


def papers() -> dict[str, bytes]:
    """Every paper that depends on nothing else, by its path."""
    torrents = [facts for facts, _ in listings()]
    table = torrents_csv(torrents).encode()
    digest = hashlib.sha256(table).hexdigest()
    free = free_volumes(torrents)
    rules = [
        rule
        for facts, files in listings()
        if facts.recordings
        for rule in rules_of(SITE, facts, files)
    ]
    return {
        "robots.txt": robots_txt(SITE, free).encode(),
        "ai.txt": ai_txt(SITE, free).encode(),
        "tdmrep.json": encode_json(rules),
        "tdm-policy.json": encode_json(policy(SITE)),
        "torrents.csv": table,
        "croissant.json": encode_json(croissant(sheet(), SITE, torrents, digest)),
        "datasheet.md": datasheet(sheet(), SITE).encode(),
        "fact-sheet.md": markdown(sheet()).encode(),
        "fact-sheet.json": encode_json(record_of(sheet())),
        "listing.jsonl": b"".join(_lines(listings()[0][1])),
    }


def _lines(files: list[ListedFile]) -> list[bytes]:
    return [msgspec.json.encode(file) + b"\n" for file in files]


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, data in papers().items():
        (GOLDEN / name).write_bytes(data)
