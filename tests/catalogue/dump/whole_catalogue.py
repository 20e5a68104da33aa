"""A small catalogue with one of everything, built with what really serves, and its answers."""

import hashlib
import json
from pathlib import Path
from uuid import UUID

import msgspec

from catalogue.build.small import NOW, build_small, by, song, together, write_source
from phonotheque.catalogue.browse.build import build_browse
from phonotheque.catalogue.build.building import Choices
from phonotheque.catalogue.build.serving import Makers
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.dump.dumping import dump
from phonotheque.catalogue.dump.frame import Wish
from phonotheque.catalogue.gids import gid_of
from phonotheque.catalogue.kinds import Kind
from phonotheque.catalogue.lookup.build import build_lookup
from phonotheque.catalogue.lookup.reader import Lookup
from phonotheque.catalogue.match.build import build_match
from phonotheque.catalogue.search.build import build_search_of_parts
from phonotheque.catalogue.search.question import Filters, Question
from phonotheque.catalogue.search.searcher import Searcher
from phonotheque.disk import LocalDisk
from phonotheque.music.identifiers import Gtin, Isrc

CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
CC_BY = "https://creativecommons.org/licenses/by/4.0/"
CC_BY_NC_SA = "https://creativecommons.org/licenses/by-nc-sa/4.0/"

MACHINE = Machine(jobs=1, memory_bytes=256 << 20)
MAKERS = Makers(build_search_of_parts, build_lookup, build_browse, build_match)
CHOICES = Choices(
    build_search_of_parts,
    build_lookup,
    build_browse,
    build_match,
    machine=MACHINE,
    now=lambda: NOW,
)

MBID = bytes(range(16))
OLD_MBID = bytes(range(16, 32))
WITHDRAWN = bytes(range(32, 48))


def open_source():
    """MusicBrainz-like: MBIDs, an ISRC, a barcode, a redirect, a tombstone."""
    release = {"key": 10, "title": "Kettle & Comet", "artist_credit": 1, "release_group": 5}
    return together(
        by(1, "Björk Ødegård", area="NO", begin_date="1970", sort_name="Ødegård, Björk"),
        by(2, "何勇"),
        {
            "release_group": [{"key": 5, "title": "Kettle & Comet", "primary_type": "Album",
                               "secondary_types": "Live; Remix"}],
            "release": [release | {"date": "1991-02", "country": "FR", "status": "Official",
                                   "barcode": "04006381333931", "language": "eng"},
                        {"key": 11, "title": "垃圾场", "artist_credit": 2, "barcode": "0123",
                         "date": "1994"}],
            "medium": [{"release": 10, "position": 1, "format": "CD"}],
            "recording": [
                song(20, "One", 1, length=100_000, mbid=MBID),
                song(21, "Two's company", 1, length=200_000, first_release_date="1990-01-01"),
                song(22, "垃圾场", 2),
            ],
            "track": [
                {"recording": 21, "release": 10, "medium_position": 1, "position": 2},
                {"recording": 20, "release": 10, "medium_position": 1, "position": 1,
                 "number": "A1", "title": "One (live)"},
                {"recording": 22, "release": 11, "medium_position": 1, "position": 1},
            ],
            "isrc": [{"recording": 20, "isrc": "DEA111100001"},
                     {"recording": 20, "isrc": "ZZ9991299999"}],
            "label": [{"key": 30, "name": "Tea & Sky", "area": "GB"}],
            "release_label": [{"release": 10, "label": 30, "catalog_number": "TS 1"}],
            "external_id": [{"entity_type": "artist", "entity": 1, "scheme": "wikidata",
                             "value": "Q42"}],
            "popularity": [
                {"entity_type": "recording", "entity": 20, "measure": "listens",
                 "period": "all", "total_listen_count": 999, "total_user_count": 50},
                {"entity_type": "recording", "entity": 22, "measure": "plays", "period": "2023",
                 "total_listen_count": 3},
            ],
            "tag": [{"entity_type": "release", "entity": 10, "name": "rock", "kind": "genre",
                     "count": 4}],
            "rights": [{"entity_type": "release", "entity": 10, "licence": CC_BY, "raw": "by"}],
            "gid_redirect": [{"entity_type": "recording", "old_gid": OLD_MBID, "new_gid": MBID}],
            "removal": [{"entity_type": "recording", "gid": WITHDRAWN, "reason": "rights",
                         "public_note": "withdrawn", "decided_at": "2024-01-01"}],
        },
    )  # fmt: skip


def netlabel():
    """Named by texts, non-commercial: one recording is also in the other source."""
    return together(
        by(900, "Björk Ødegård", source_id="bjork"),
        {
            "recording": [
                song(901, "One", 900, length=100_500, source_id="one", raw_row='{"odd": 1}'),
                song(902, "Only here", 900, length=61_000, source_id="only"),
            ],
            "file": [{"recording": 902, "state": "held", "is_free": True, "codec": "flac",
                      "sha256": b"\x07" * 32, "size_bytes": 5}],
        },
    )  # fmt: skip


def make_catalogue(root):
    """Build a catalogue of both sources into a folder."""
    root.mkdir(parents=True, exist_ok=True)
    write_source(root, "open", open_source(), licence=CC0)
    write_source(root, "netlabel", netlabel(), licence=CC_BY_NC_SA)
    return build_small(root, CHOICES)


def make_dump(root, out, **wish):
    """Dump the catalogue in a folder."""
    return dump(Path(root), LocalDisk(Path(root)), Path(out), Wish(machine=MACHINE, **wish))


QUESTIONS = (
    Question("one"),
    Question("bjork"),
    Question("tw", is_typing=True),
    Question("kettel comet"),
    Question("垃圾"),
    Question("", filters=Filters(is_held=True)),
    Question("", filters=Filters(licences=(CC_BY,))),
    Question("nothing at all"),
    Question("ødegård one", filters=Filters(years=(1990, 1995))),
)


def answers(snapshot):
    """Everything that a catalogue answers to many questions, as one text."""
    said = []
    with Lookup(snapshot.ids) as lookup:
        for kind in Kind:
            searcher = Searcher(snapshot.search(kind), lookup.texts_at(kind))
            for question in QUESTIONS:
                found = searcher.ask(question)
                said.append((str(found.used), lookup.cards_at(kind, found.ranks)))
            searcher.close()
            said.append(lookup.cards_at(kind, range(1, lookup.count(kind) + 1)))
            said += [lookup.cards_of_ids(kind, [id_]) for id_ in range(10)]
        gids = [UUID(bytes=one) for one in (MBID, OLD_MBID, WITHDRAWN)]
        gids += [gid_of("netlabel", "recording", "only"), gid_of("open", "release", "10")]
        said.append(lookup.by_gids(gids))
        said.append(lookup.by_isrc(Isrc.parse("ZZ9991299999")))
        said.append(lookup.by_barcode(Gtin.parse("4006381333931")))
        said.append(lookup.by_catalog_number("ts1"))
        said.append(lookup.by_external("wikidata", "Q42"))
        for id_ in range(6):
            said += [lookup.tracks_of(id_), lookup.recordings_of(id_), lookup.releases_of(id_)]
            said.append(lookup.releases_of_label(id_))
    return [json.loads(msgspec.json.encode(one)) for one in said]


def digest_of_answers(snapshot):
    """Return the digest of all answers."""
    return hashlib.sha256(json.dumps(answers(snapshot), sort_keys=True).encode()).hexdigest()


def terms_of(snapshot):
    """What a snapshot says of its sources, but which import they are."""
    said = [msgspec.to_builtins(one) for one in snapshot.descriptor.sources]
    return [{name: value for name, value in one.items() if name != "generation"} for one in said]
