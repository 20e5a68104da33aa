"""Every way out is visited: what may not leave leaves by none of them, what was removed by none.

A door of `phonotheque.music.doors` without a visit here fails the first test, so no new way out
can be forgotten.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from uuid import UUID

import libtorrent as lt
import pytest
from backports import zstd
from tests.cli.phono import Phono, found
from tests.cli.small_music import make_music

from phonotheque.archive.bulk.bulk_door import Clerk, Closed
from phonotheque.archive.listening.copyist import Workshop
from phonotheque.archive.listening.desk import Desks
from phonotheque.archive.listening.sounds import ArchiveSounds
from phonotheque.archive.opening import open_to_read
from phonotheque.archive.recordings.derivatives import open_copy
from phonotheque.cli import seed
from phonotheque.errors import CallerError, RightsError
from phonotheque.listen.sound.ports import Asked, Place, Purpose
from phonotheque.listen.values import SoundForm
from phonotheque.music.digest import Sha256
from phonotheque.music.doors import LISTENING_DOORS, OWN_DOORS, Door
from phonotheque.publish.index.form import read_index
from phonotheque.publish.index.newest import newest
from phonotheque.publish.packs.holding import packs_holding
from phonotheque.publish.sealed import live, members
from phonotheque.publish.web.digests import Digests
from phonotheque.register.events import Pack, Volume
from phonotheque.register.published import offered

LICENSED = ("--licence", "CC-BY-4.0", "--evidence", "a letter")


@dataclass(frozen=True)
class House:
    """An archive with a recording of each fate, everything published, and copies of it."""

    phono: Phono
    shared: str
    unproven: str
    embargoed: str
    removed: str
    old_volume: str
    pushed: str
    title: dict[str, str]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Published with what is to be removed in it, then that is taken down, then published again."""
    folder = tmp_path_factory.mktemp("house")
    make_music(folder / "music", 4)
    phono = found(folder / "archive")
    told = phono.add(folder / "music")
    names = [one["sha256"] for path, one in sorted(told.items()) if not path.endswith(".txt")]
    shared, unproven, embargoed, removed = names
    for name in (shared, removed):
        phono("rights", "set", name, *LICENSED).expect(0)
    phono("rights", "set", embargoed, *LICENSED, "--from", "2999-01-01").expect(0)
    phono.publish("--compat", "v1")
    phono("catalogue", "build").expect(0)
    title = {name: phono.show(name)["tags"]["title"] for name in names}
    old = phono.show(removed)["volume"]
    assert removed in files_in((phono.root / f"published/{old}.v1.torrent").read_bytes())
    with open_to_read(phono.root) as archive:
        open_copy(archive, archive.index.held(Sha256.parse(removed))).close()
    phono("publish", "push", folder / "pushed").expect(0)
    phono("takedown", removed, "--reason", "The label asked for it").expect(0)
    phono.publish("--compat", "v1")
    phono("publish", "push", folder / "pushed").expect(0)
    return House(phono, shared, unproven, embargoed, removed, old, str(folder / "pushed"), title)


def in_live_volumes(house, name):
    with open_to_read(house.phono.root) as archive:
        listed = [one.sha256.hex for v in live(archive.index) for one in members(archive.disk, v)]
    torrents = house.phono.root.glob("published/*-open-all-*.torrent")
    return name in listed or any(name in files_in(path.read_bytes()) for path in torrents)


def in_seeded_torrents(house, name):
    """In a torrent that `phono seed` would share: volumes, their twins and packs."""
    with open_to_read(house.phono.root) as archive:
        shared = list(seed._torrents(archive, []))
    assert any(is_twin for *_, is_twin in shared)
    return any(name in files_in(data) for data, *_ in shared)


def files_in(torrent):
    """Paths of the files in a torrent, of whatever version, one a line."""
    info = lt.torrent_info(lt.bdecode(torrent))
    return "\n".join(info.layout().file_path(number) for number in range(info.num_files()))


def at_every_address(house, name):
    """Every path of the own server that could be the object's, old and new volumes included."""
    with open_to_read(house.phono.root) as archive:
        held = archive.index.held(Sha256.parse(name))
        volumes = [volume.name for volume in archive.index.volumes()]
    file = f"{name}.{held.extension}" if held.extension else name
    place = (name[:2], name[2:4], file)
    paths = [("volumes", volume, *place) for volume in volumes]
    paths += [("objects", *place), place, ("volumes", *place), (file,)]
    with Clerk(house.phono.root, Digests(), Closed()) as clerk:
        given = [resource for path in paths if (resource := clerk.find(path)) is not None]
    for resource in given:
        resource.file.close()
    return bool(given)


def in_pushed_folder(house, name):
    """In a file's name, or in any text of what was laid out for a static server."""
    done = subprocess.run(
        ["find", house.pushed, "-name", f"*{name}*"], capture_output=True, text=True, check=True
    )
    return bool(done.stdout)


def in_packs(house, name):
    with open_to_read(house.phono.root) as archive:
        packs = [one for one in offered(archive.index) if isinstance(one, Pack)]
        packs = [one for one in packs if one.kind not in ("metadata", "register")]
        return bool(packs_holding(archive.disk, packs, frozenset({Sha256.parse(name)})))


def by_export(house, name, folder):
    done = house.phono("export", name, "--to", folder / f"export-{name[:8]}")
    return done.status == 0


def by_dress(house, name, folder):
    extension = house.phono.show(name)["path"].rpartition(".")[2]
    done = house.phono("dress", name, "--to", folder / f"dressed-{name[:8]}.{extension}")
    return done.status == 0


def by_derive(house, name):
    with open_to_read(house.phono.root) as archive:
        try:
            open_copy(archive, archive.index.held(Sha256.parse(name))).close()
        except CallerError:
            return False
    return True


def in_listings(house, name):
    """Named in a list that is published, packed or not: indexes, pages, feeds, fact sheets."""
    published = house.phono.root / "published"
    texts = [path for path in published.rglob("*") if path.is_file()]
    texts += list(house.phono.root.glob("objects/lists/*/*"))
    found_in = []
    for path in texts:
        relative = path.relative_to(house.phono.root).as_posix()
        is_told = "tombstones.jsonl" in relative or "-register-" in relative
        if is_told or relative.startswith("published/packs/"):
            continue
        data = path.read_bytes()
        if path.suffix == ".zst":
            data = zstd.decompress(data)
        if name.encode() in data:
            found_in.append(relative)
    return bool(found_in)


def in_dump(house, name, folder):
    """Said to be had in a dump made now, after the catalogue was built again."""
    target = folder / "dump"
    if not target.exists():
        house.phono("catalogue", "build").expect(0)
        house.phono("catalogue", "dump", target, "--form", "json").expect(0)
    lines = []
    for path in target.rglob("*.zst"):
        lines += zstd.decompress(path.read_bytes()).splitlines()
    told = [json.loads(line) for line in lines if name.encode() in line]
    return any(_is_offered(one, name) for one in told)


def _is_offered(value, name):
    """Whether a record, at any depth, says of this file that everybody may have it."""
    if isinstance(value, dict):
        if value.get("sha256") == name:
            return bool(value.get("is_free"))
        return any(_is_offered(one, name) for one in value.values())
    if isinstance(value, list):
        return any(_is_offered(one, name) for one in value)
    return False


def by_search(house, name):
    lines = house.phono("search", house.title[name], "--json").expect(0).lines()
    return any(one.get("title") == house.title[name] for one in lines)


ASKED = {
    Door.LISTEN: (SoundForm.ORIGINAL, Purpose.HEAR, Place()),
    Door.PREVIEW: (SoundForm.PREVIEW, Purpose.HEAR, Place()),
    Door.PREMISES: (SoundForm.ORIGINAL, Purpose.HEAR, Place(is_premises=True)),
    Door.DOWNLOAD: (SoundForm.ORIGINAL, Purpose.KEEP, Place()),
    Door.DOWNLOAD_DRESSED: (SoundForm.DRESSED, Purpose.KEEP, Place()),
}
"""What a listener asks for at each of the doors that open to one person."""


def to_a_listener(door):
    """A visit: the bytes are asked for as the listening door does it."""

    def visited(house, name):
        root, gid = house.phono.root, UUID(name[:32])
        workshop = Workshop(root)
        sounds = ArchiveSounds(root, Desks(root), lambda _: (Sha256.parse(name),), workshop)
        asked = Asked(gid, *ASKED[door])
        try:
            given = sounds.open(asked, Sha256.parse(name))
            if isinstance(given, Future):
                given.result(60)
                given = sounds.open(asked, Sha256.parse(name))
            assert sounds.may(asked).verdict.allowed
            return given.size_bytes > 0
        except RightsError:
            assert not sounds.may(asked).verdict.allowed
            return False
        finally:
            sounds.close()
            workshop.close()

    return visited


VISITS: dict[Door, Callable[..., bool]] = {
    Door.PUBLISH: in_live_volumes,
    Door.SEED: in_seeded_torrents,
    Door.WEB_SEED: at_every_address,
    Door.PUSH: in_pushed_folder,
    Door.PACK: in_packs,
    Door.EXPORT: by_export,
    Door.DRESS: by_dress,
    Door.DERIVE: by_derive,
    Door.LISTING: in_listings,
    Door.DUMP: in_dump,
    Door.SEARCH: by_search,
    **{door: to_a_listener(door) for door in LISTENING_DOORS},
}
OUTSIDE = {Door.EXPORT, Door.DRESS, Door.DUMP}
"""Doors whose visit writes into a folder outside."""


def visit(door, house, name, folder):
    more = (folder,) if door in OUTSIDE else ()
    return VISITS[door](house, name, *more)


def test_no_door_is_forgotten():
    """Each door of the one list is visited, and nothing else is."""
    assert set(VISITS) == set(Door)


@pytest.mark.parametrize("door", Door)
def test_what_may_be_shared_passes_each_door(house, door, tmp_path_factory):
    """Each visit does find what is there: a door that is always shut proves nothing."""
    folder = tmp_path_factory.getbasetemp()
    assert visit(door, house, house.shared, folder)


@pytest.mark.parametrize("door", Door)
def test_what_was_removed_passes_none(house, door, tmp_path_factory):
    """Published, copied and catalogued before: after the removal no door gives it."""
    folder = tmp_path_factory.getbasetemp()
    assert not visit(door, house, house.removed, folder)


@pytest.mark.parametrize("fate", ["unproven", "embargoed"])
@pytest.mark.parametrize("door", sorted(set(Door) - OWN_DOORS - {Door.SEARCH}))
def test_what_nobody_allowed_yet_passes_no_door_to_others(house, door, fate, tmp_path_factory):
    """Without evidence, or before its day, a recording is held, and not handed out."""
    folder = tmp_path_factory.getbasetemp()
    assert not visit(door, house, getattr(house, fate), folder)


def test_every_surface_answers_alike(house):
    """Without evidence, embargoed, removed or made up: the same 404 at the same addresses."""
    with Clerk(house.phono.root, Digests(), Closed()) as clerk:
        for name in (house.unproven, house.embargoed, house.removed, "00" * 32):
            for volume in (house.old_volume, "small-records-open-all-00002", "nothing"):
                for ending in (".wav", ".flac", ".mp3", ""):
                    place = (name[:2], name[2:4], f"{name}{ending}")
                    assert clerk.find(("volumes", volume, *place)) is None
        assert clerk.find((f"{house.old_volume}.torrent",)) is None
        for file in ("README.txt", "SHA256SUMS", "manifest.tsv", "ATTRIBUTION.txt"):
            old = ("volumes", house.old_volume, "lists", house.old_volume, file)
            assert clerk.find(old) is None


def test_the_signed_index_says_that_it_is_gone(house):
    """The old volume stays as a line with its reason and its successor; the new one is offered."""
    root = house.phono.root
    with open_to_read(root) as archive:
        _, lines = read_index((root / newest(archive.disk)).read_bytes())
        names = {one.name for one in live(archive.index) if isinstance(one, Volume)}
    by_name = {line.id: line for line in lines}
    old = by_name[house.old_volume]
    assert old.obsolete
    assert old.superseded_by in names
    assert not by_name[old.superseded_by].obsolete


def test_a_decision_closes_the_own_server_at_once(house, tmp_path):
    """The resolver is asked for every request: no restart, no delay, and back the same way."""
    with open_to_read(house.phono.root) as archive:
        held = archive.index.held(Sha256.parse(house.shared))
    name = house.shared
    path = ("volumes", held.volume, name[:2], name[2:4], f"{name}.{held.extension}")
    with Clerk(house.phono.root, Digests(), Closed()) as clerk:
        clerk.find(path).file.close()
        house.phono("rights", "set", name, "--licence", "InC").expect(0)
        assert clerk.find(path) is None
        assert clerk.find((f"{held.volume}.torrent",)) is None
        house.phono("rights", "set", name, *LICENSED).expect(0)
        clerk.find(path).file.close()


def test_the_server_starts_and_stops_as_a_command(house):
    """`phono publish serve` says where it listens, answers, and ends at SIGINT."""
    import signal
    from urllib.request import urlopen

    at = ("--archive", str(house.phono.root))
    command = [
        sys.executable,
        "-m",
        "phonotheque",
        *at,
        "publish",
        "serve",
        "--port",
        "0",
        "--json",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        told = json.loads(server.stdout.readline())
        assert list(told) == ["address", "web_seed", "port"]  # as the reference of --json has it
        with urlopen(f"{told['address']}tombstones.jsonl", timeout=120) as answer:
            assert house.removed.encode() in answer.read()
        server.send_signal(signal.SIGINT)
        assert server.wait(120) == 0
