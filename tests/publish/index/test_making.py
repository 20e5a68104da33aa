"""The lines of an index follow from what the register says."""

from __future__ import annotations

import pytest

from phonotheque.publish.index.form import encode_index
from phonotheque.publish.index.making import Looked, Seal, Standing, known_from, line_of
from phonotheque.register.events import Pack, Retirement, Volume

AT = "2026-11-21T05:00:00.123456Z"
VOLUME = Volume(
    name="kettle-nc-nd-t996-00012",
    licence_class="nc-nd",
    objects=3,
    size_bytes=4096,
    manifest="aa" * 32,
    torrent="bb" * 32,
    info_hash_v2="cc" * 32,
    info_hash_v1="dd" * 20,
    supersedes="kettle-nc-nd-t996-00011",
    most_listens=90,
    least_listens=0,
)
PACK = Pack(
    name="kettle-art-all-00001",
    kind="art",
    items=900,
    files=5,
    size_bytes=1 << 20,
    made_of="ee" * 32,
    torrent="ff" * 32,
    info_hash_v2="00" * 32,
    info_hash_v1="11" * 20,
)
BY = "https://creativecommons.org/licenses/by-nc-nd/4.0/"
LOOKED = Looked(7, 2429, {BY: 3})


def test_a_volume_says_what_was_sealed() -> None:
    """Identity, length and listens come from the register; nothing is measured again."""
    line = line_of(Seal(VOLUME, AT), LOOKED, Standing({}, {}, ("https://a.example/",)))
    assert (line.id, line.kind, line.tier) == (VOLUME.name, "nc-nd", "996")
    assert (line.v2, line.v1, line.torrent_sha256) == ("cc" * 32, "dd" * 20, "bb" * 32)
    assert (line.items, line.files, line.size_bytes) == (3, 7, 4096)
    assert (line.most_listens, line.least_listens) == (90, 0)
    assert (line.added, line.basis, line.licences) == ("2026-11-21T05:00:00Z", "licence", {BY: 3})
    assert (line.supersedes, line.obsolete) == ("kettle-nc-nd-t996-00011", "")
    assert line.web_seeds == ("https://a.example/",)


def test_a_pack_has_its_own_pieces() -> None:
    """Packs have pieces of 4 MiB, and are the archive's own work."""
    line = line_of(Seal(PACK, AT), Looked(5, 900, {}), Standing({}, {}))
    assert (line.kind, line.tier, line.piece_bytes) == ("art", "all", 4 << 20)
    assert (line.items, line.files, line.basis, line.most_listens) == (900, 5, "own work", None)


def test_what_is_retired_stays_with_its_reason() -> None:
    """A torrent that is not offered any more is listed for ever: why, and what took its place."""
    gone = Retirement(VOLUME.name, "A recording was removed.", "kettle-nc-nd-t996-00013")
    line = line_of(Seal(VOLUME, AT), LOOKED, Standing({VOLUME.name: gone}, {}, ("https://a/",)))
    assert line.obsolete == "A recording was removed."
    assert line.superseded_by == "kettle-nc-nd-t996-00013"
    assert not line.web_seeds


def test_what_may_not_be_shared_now_is_not_offered() -> None:
    """A volume that is closed by what was stated later says why; it may be opened again."""
    line = line_of(Seal(VOLUME, AT), LOOKED, Standing({}, {VOLUME.name: "its licence ended"}))
    assert (line.obsolete, line.superseded_by) == ("its licence ended", "")


@pytest.mark.parametrize("name", ["kettle-open-00001", "kettle-open-all-00001", "a-b-c"])
def test_a_name_without_a_tier_is_in_all(name: str) -> None:
    """Volumes that were sealed before there were tiers are listed as well."""
    volume = Volume(name, "open", 1, 1, "a" * 64, "b" * 64, "c" * 64, "d" * 40)
    line = line_of(Seal(volume, AT), LOOKED, Standing({}, {}))
    assert line.tier == "all"


def test_an_index_remembers_what_was_looked_up() -> None:
    """Of a torrent in the index before, nothing is looked at again; of a lost one, everything."""
    known = line_of(Seal(VOLUME, AT), LOOKED, Standing({}, {}))
    lost = line_of(Seal(PACK, AT), Looked(5, 0, {}), Standing({}, {}))
    assert known_from([known, lost]) == {"bb" * 32: LOOKED}


def test_lines_can_be_written() -> None:
    """What is made is what the form takes."""
    from publish.index.test_form import header

    lines = [line_of(Seal(event, AT), LOOKED, Standing({}, {})) for event in (VOLUME, PACK)]
    assert encode_index(header(2), lines)
