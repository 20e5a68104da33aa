"""`phono catalogue import musicbrainz` with increments: what a person sees of packets and hours."""

from pathlib import Path

import pytest
from tests.catalogue.sources import mbdump, packets
from tests.catalogue.sources.contract import numbered
from tests.catalogue.sources.test_musicbrainz_tables import tables_of
from tests.cli.phono import Phono, found

IMPORT = ("catalogue", "import", "musicbrainz")
LICENCE = "https://creativecommons.org/licenses/by-nc-sa/3.0/"


@pytest.fixture
def made(tmp_path: Path) -> tuple[Phono, list[Path]]:
    """An archive with the dump of hour 100, and two packets that rename, merge and delete."""
    phono = found(tmp_path / "archive")
    world = packets.World.of(tables_of(numbered(6)))
    dump = world.write_dump(tmp_path / "dump", packets.BASE)
    phono(*IMPORT, dump).expect(0)
    world.update("recording", (1,), name="Ebb and Flow")
    world.update("track", (2,), recording=1)
    world.delete("recording", (2,))
    world.insert("recording_gid_redirect", gid=mbdump.gid("recording", 2), new_id=1)
    one = packets.write_packet(tmp_path, packets.BASE + 1, world.told())
    world.delete("track", (3,))
    world.delete("recording", (3,))
    two = packets.write_packet(tmp_path, packets.BASE + 2, world.told(), form=packets.OLDER)
    return phono, [one, two]


def test_packets_are_applied_and_what_does_not_follow_is_refused(
    made: tuple[Phono, list[Path]],
) -> None:
    """A packet too far is refused with the one that is wanted; a rehearsal changes nothing; after
    both and a build a new title is found, what was merged leads on and what was deleted is gone."""
    phono, (one, two) = made
    refused = phono(*IMPORT, two).expect(2)
    assert "stands at 100. Increment 101 comes next" in refused.err
    rehearsed = phono(*IMPORT, one, two, "--dry-run", "--json").expect(0).one()
    assert (rehearsed["generation"], rehearsed["licence"]) == ("", LICENCE)
    done = phono(*IMPORT, two, one).expect(0)
    assert "It stands at 102. Packet 103 comes next." in done.out
    assert "musicbrainz stands at 102: 103 comes next." in phono("catalogue", "status").out
    (stood,) = phono("catalogue", "status", "--json").one()["sources"]
    assert stood["sequence"] == 102
    assert "licence changed from https://creativecommons.org/publicdomain/zero/1.0/" in done.out
    assert "is in it already" in phono(*IMPORT, one).expect(2).err
    phono("catalogue", "build", "--jobs", "1").expect(0)
    gids = [mbdump.gid("recording", number) for number in (1, 2, 3)]
    for gid in gids[:2]:
        shown = phono("show", gid, "--json").expect(0).one()
        assert (shown["gid"], shown["title"]) == (gids[0], "Ebb and Flow")
    assert phono("show", gids[2]).status != 0
