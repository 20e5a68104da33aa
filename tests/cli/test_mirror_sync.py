"""`phono mirror sync|verify|repair|run|status` and `phono repair`, as people type them."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from tests.cli.phono import LICENSED, Done, Phono, call, found
from tests.cli.small_music import make_music
from tests.torture.command import Running

from phonotheque.mirror.events import Fetched
from phonotheque.mirror.home import open_mirror, open_mirror_to_read
from phonotheque.mirror.known import known
from phonotheque.mirror.values import State
from phonotheque.publish.index.lines import TorrentLine

KILLS = int(os.environ.get("PHONOTHEQUE_KILLS", "2"))


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Phono:
    """An archive of six recordings that is published; not to be changed."""
    folder = tmp_path_factory.mktemp("origin")
    make_music(folder / "music", 6)
    phono = found(folder / "archive")
    phono.add(folder / "music", *LICENSED)
    phono.publish()
    return phono


@pytest.fixture(scope="module")
def synced(origin: Phono, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mirror that has all of it; not to be changed."""
    root = tmp_path_factory.mktemp("synced") / "mirror"
    init(root, origin.root)
    mirror(root, "sync").expect(0)
    return root


def mirror(root: Path, verb: str, *arguments: str | Path) -> Done:
    """A command of the group, without any network."""
    local = ("--loopback",) if verb in ("sync", "repair", "run") else ()
    return call("mirror", verb, "--mirror", root, *local, *arguments)


def init(root: Path, address: Path | str) -> None:
    call("mirror", "init", address, "--mirror", root, "--space", "1GB").expect(0)


def copy_of(root: Path) -> Path:
    """The folder of the one archive that is followed."""
    (folder,) = (root / "archives").iterdir()
    return folder


def payload(root: Path) -> dict[str, bytes]:
    """What mirrors hold of an archive: objects of volumes, lists, packs."""
    names = {
        path.relative_to(root / "objects").parts[1]
        for path in (root / "objects" / "lists").rglob("SHA256SUMS")
    }
    wanted = {}
    for volume in names:
        folder = root / "objects"
        sums = folder / "lists" / volume / "SHA256SUMS"
        wanted[str(sums.relative_to(folder))] = sums.read_bytes()  # which names all but itself
        for line in sums.read_text(encoding="utf-8").splitlines():
            wanted[line[66:]] = (folder / line[66:]).read_bytes()
    for path in (root / "published" / "packs").rglob("*"):
        if path.is_file():
            wanted[str(path.relative_to(root))] = path.read_bytes()
    return wanted


@pytest.fixture
def copied(synced: Path, tmp_path: Path) -> Path:
    """A mirror of one's own, to be damaged."""
    return Path(shutil.copytree(synced, tmp_path / "mirror", symlinks=True))


def damage(folder: Path) -> list[Path]:
    """Cut one object and take another away; returns both."""
    first, second, *_ = sorted(
        path for path in (folder / "objects").rglob("*") if path.suffix in (".flac", ".mp3", ".wav")
    )
    first.chmod(0o644)
    os.truncate(first, 100)
    second.unlink()
    return [first, second]


def test_a_mirror_holds_what_its_archive_publishes(origin: Phono, synced: Path) -> None:
    """After a sync every byte that is published is there, and a second sync fetches nothing."""
    assert payload(copy_of(synced)) == payload(origin.root)
    assert mirror(synced, "sync", "--json").expect(0).out == ""
    told = mirror(synced, "status", "--json").expect(0).one()
    (archive,) = told["archives"]
    assert archive["complete"] == archive["offered"] > 2
    assert told["held_bytes"] == sum(map(len, payload(copy_of(synced)).values()))
    assert (told["running"], archive["damaged"], archive["overdue"]) == (None, 0, 0)
    words = mirror(synced, "status").expect(0).out
    assert f"{archive['complete']} of {archive['offered']} torrents whole here" in words
    assert "phono mirror run" in words


def test_what_is_trusted_is_said_once(origin: Phono, tmp_path: Path) -> None:
    """Who follows an archive again learns of nobody new who is trusted from now on."""
    init = ("mirror", "init", origin.root, "--mirror", tmp_path / "m", "--space", "1GB")
    assert "Trusted from now on" in call(*init).expect(0).out
    assert "Trusted from now on" not in call(*init).expect(0).out


def test_a_mirror_of_a_mirror_comes_from_its_folder(synced: Path, tmp_path: Path) -> None:
    """A mirror can be followed as its archive can: here by the folder of a disk."""
    init(tmp_path / "second", synced)
    done = mirror(tmp_path / "second", "sync", "--json").expect(0)
    assert all(one["is_whole"] and one["received_bytes"] == 0 for one in done.lines())
    assert payload(copy_of(tmp_path / "second")) == payload(copy_of(synced))


def test_damage_is_found_and_mended(copied: Path) -> None:
    """Verify finds it and ends with 1, status says so, repair mends it; then all are content."""
    before = payload(copy_of(copied))
    damage(copy_of(copied))
    found = mirror(copied, "verify", "--json", "--rate", "0").expect(1).lines()
    assert sum(len(one["damaged"]) for one in found) == 2
    status = mirror(copied, "status").expect(1).out
    assert "2 files damaged in 1 torrent" in status
    (mended,) = mirror(copied, "repair", "--json").expect(0).lines()
    assert (len(mended["repaired"]), mended["left"], mended["received_bytes"]) == (2, [], 0)
    assert payload(copy_of(copied)) == before
    assert "Nothing is known" in mirror(copied, "repair").expect(0).out
    mirror(copied, "status").expect(0)
    assert "every one is exact" in mirror(copied, "verify", "--oldest", "1").expect(0).out


def test_a_sync_mends_what_is_known_to_be_damaged(copied: Path) -> None:
    """Nobody has to ask: the next sync brings damaged files back."""
    before = payload(copy_of(copied))
    damage(copy_of(copied))
    assert "2 files damaged" in mirror(copied, "verify", "--rate", "0").expect(1).out
    told = mirror(copied, "sync").expect(0).out
    assert "2 files brought back; 2 pieces damaged or missing" in told
    assert payload(copy_of(copied)) == before


def test_what_cannot_be_mended_is_said(copied: Path, tmp_path: Path) -> None:
    """With every source away a repair ends with 1 and names what to do."""
    (copy_of(copied) / "source.toml").write_text('addresses = ["/nowhere"]\n', encoding="utf-8")
    damage(copy_of(copied))
    mirror(copied, "verify", "--rate", "0").expect(1)
    # Nobody listens there: it is refused at once, and the folder lacks everything.
    (tmp_path / "empty").mkdir()
    volume = _damaged_volume(copied)
    assert volume
    done = call("mirror", "verify", volume, "--mirror", copied, "--json").expect(1)
    assert len(done.one()["damaged"]) == 2


def _damaged_volume(root: Path) -> str:
    lines = (copy_of(root) / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    return next(one["torrent"] for one in map(json.loads, lines) if one["event"] == "damaged")


def test_wrong_requests_are_refused(synced: Path) -> None:
    """A torrent that is not held and an address that is none are refused by name."""
    assert "does not hold" in mirror(synced, "verify", "none-open-all-1").expect(2).err
    assert "no address" in mirror(synced, "sync", "--peer", "here").expect(2).err


def test_a_mirror_at_work_shares_and_says_so(copied: Path, origin: Phono, tmp_path: Path) -> None:
    """While it runs another mirror fetches all of it over the network; Ctrl-C ends it."""
    shutil.copytree(origin.root / "published", tmp_path / "published")
    shutil.rmtree(tmp_path / "published" / "packs")
    init(tmp_path / "second", tmp_path / "published")
    with _at_work(copied) as (running, port):
        peer = f"127.0.0.1:{port}"
        done = mirror(tmp_path / "second", "sync", "--json", "--peer", peer).expect(0)
        assert sum(one["received_bytes"] for one in done.lines()) > 0
        told = mirror(copied, "status", "--json").one()["running"]
        assert told["pid"] == running.process.pid
        assert told["shared"] == len(done.lines())
        busy = mirror(copied, "verify").expect(6)
        assert "another change of this mirror is under way" in busy.err
    assert payload(copy_of(tmp_path / "second")) == payload(copy_of(copied))
    assert mirror(copied, "status", "--json").one()["running"] is None


class _at_work:  # noqa: N801 (used as a function is)
    """A real `phono mirror run`, from `with` to its end by Ctrl-C; gives it and its port."""

    def __init__(self, root: Path) -> None:
        options = ("--mirror", str(root), "--loopback", "--port", "0", "--json")
        self._running = Running(("mirror", "run", *options))

    def __enter__(self) -> tuple[Running, int]:
        assert self._running.read(lines=1)
        return self._running, self._running.records[0]["port"]

    def __exit__(self, *_: object) -> None:
        self._running.signal(signal.SIGINT, group=False)
        self._running.end().expect(0)


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_sync_that_is_killed_is_gone_on_with(origin: Phono, tmp_path: Path, seed: int) -> None:
    """Killed while it fetches, a sync leaves a mirror that holds what it told, and can go on."""
    root = tmp_path / "mirror"
    init(root, origin.root)
    journal = copy_of(root) / "journal.jsonl"
    running = Running(("mirror", "sync", "--mirror", str(root), "--loopback", "--json"))
    running.read(lines=1 + seed)
    running.signal(signal.SIGKILL, group=True)
    running.end()
    held = [
        json.loads(line)["torrent"]
        for line in journal.read_bytes().split(b"\n")[:-1]
        if b'"fetched"' in line
    ]
    for torrent in held:
        call("mirror", "verify", torrent, "--mirror", root).expect(0)
    mirror(root, "sync").expect(0)
    assert payload(copy_of(root)) == payload(origin.root)
    mirror(root, "verify", "--rate", "0").expect(0)


def test_a_full_disk_ends_a_sync_that_can_be_run_again(origin: Phono, tmp_path: Path) -> None:
    """A disk without room is told with what to do; with room the same command ends well."""
    small = tmp_path / "small"
    small.mkdir()
    if os.system(f"mount -t tmpfs -o size=70m none {small} 2>/dev/null"):
        pytest.skip("no file system can be mounted here")
    try:
        root = small / "mirror"
        init(root, origin.root)
        filler = small / "filler"
        filler.write_bytes(bytes(66 << 20))
        refused = mirror(root, "sync")
        assert refused.status == 6
        assert "space" in refused.err
        filler.unlink()
        mirror(root, "sync").expect(0)
        assert payload(copy_of(root)) == payload(origin.root)
    finally:
        os.system(f"umount -l {small}")


# -- the origin


@pytest.fixture
def damaged(origin: Phono, tmp_path: Path) -> tuple[Phono, dict[str, bytes]]:
    """An archive with two damaged objects, a list and a torrent missing, and what it had."""
    root = Path(shutil.copytree(origin.root, tmp_path / "archive", symlinks=True))
    phono = Phono(root)
    before = payload(root)
    damage(root)
    next((root / "objects" / "lists").rglob("README.txt")).unlink()
    next(root.glob("published/*-open-*.torrent")).unlink()
    phono("verify", "--jobs", "1").expect(1)
    return phono, before


def test_an_origin_is_mended_from_its_mirror(
    damaged: tuple[Phono, dict[str, bytes]], synced: Path
) -> None:
    """Objects, lists and torrents come back byte for byte, and the register says that they did."""
    phono, before = damaged
    told = phono("repair", "--dry-run", "--json").expect(1).one()
    assert (told["objects"], len(told["lists"]), len(told["torrents"])) == (2, 1, 1)
    assert phono("repair", "--json").expect(1).lines()[-1]["left"]
    phono("repair", "--from", copy_of(synced), "--jobs", "1")
    phono("repair", "--from", copy_of(synced), "--jobs", "1").expect(0)
    assert payload(phono.root) == before
    phono("verify", "--jobs", "1").expect(0)
    assert not list((phono.root / "quarantine").rglob("*.flac"))
    phono("status").expect(0)


def test_a_damaged_original_stays_where_nobody_has_a_better_one(
    damaged: tuple[Phono, dict[str, bytes]],
) -> None:
    """A repair without a source changes nothing: a cut original is better than none."""
    phono, _ = damaged
    objects = sorted(path for path in (phono.root / "objects").rglob("*") if path.is_file())
    kept = {path: path.read_bytes() for path in objects}
    phono("repair").expect(1)
    assert {path: path.read_bytes() for path in objects} == kept
    assert sorted(path for path in (phono.root / "objects").rglob("*") if path.is_file()) == objects


def test_an_origin_is_mended_over_the_network(
    damaged: tuple[Phono, dict[str, bytes]], copied: Path
) -> None:
    """What nobody has at hand comes from a mirror that shares it; the torrent that says what to ask
    for is made again first, to the byte, because the lists are whole."""
    phono, before = damaged
    lists = Path("objects", "lists")
    shutil.copytree(copy_of(copied) / lists, phono.root / lists, dirs_exist_ok=True)
    (torrent,) = (copy_of(copied) / "published").glob("*-open-*.torrent")
    with _at_work(copied) as (_, port):
        done = phono("repair", "--peer", f"127.0.0.1:{port}", "--loopback", "--json", "--jobs", "1")
    assert done.status == 0, done
    assert sum(one["received_bytes"] for one in done.lines()) > 0
    assert payload(phono.root) == before
    assert (phono.root / "published" / torrent.name).read_bytes() == torrent.read_bytes()


@pytest.fixture
def changed(origin: Phono, copied: Path, tmp_path: Path) -> tuple[Path, str]:
    """A mirror that has all of an archive which then removed a recording; and which volume went."""
    phono = Phono(Path(shutil.copytree(origin.root, tmp_path / "archive", symlinks=True)))
    init(tmp_path / "m", phono.root)
    mirror(tmp_path / "m", "sync").expect(0)
    name = next(line for line in phono.events("accession") if line["role"] == "recording")
    done = phono("takedown", name["sha256"], "--reason", "asked for", "--json").expect(0).one()
    phono.publish()
    (old,) = done["successors"]
    return tmp_path / "m", old


def on_disk(root: Path) -> int:
    """Bytes of objects, lists and packs in a mirror."""
    files = (*copy_of(root).glob("objects/**/*"), *copy_of(root).glob("published/packs/**/*"))
    return sum(path.stat().st_size for path in files if path.is_file())


def test_one_sync_after_a_removal_leaves_what_is_offered_and_no_more(
    changed: tuple[Path, str],
) -> None:
    """What a successor takes the place of goes in the same sync; counts agree with the disk."""
    root, old = changed
    done = mirror(root, "sync").expect(0)
    (archive,) = mirror(root, "status", "--json").expect(0).one()["archives"]
    assert archive["complete"] == archive["offered"]
    assert (archive["retired"], archive["to_fetch"]) == (0, 0)
    assert archive["held_bytes"] == on_disk(root)
    offered = archive["offered"]
    assert f"{offered} of {offered} torrents that were chosen are here" in done.out
    assert not (copy_of(root) / "volumes" / old).exists()
    report = mirror(root, "report", "--json").expect(0).one()
    assert report["torrents"] == {"complete": offered}


def test_what_waits_for_its_successor_is_not_whole_and_counts_once(
    changed: tuple[Path, str],
) -> None:
    """What is not offered any more is in no count of whole torrents, nor reported; objects that a
    successor shares with it, of which a part came, count once."""
    root, old = changed
    mirror(root, "follow").expect(0)
    with open_mirror(root, "a test") as opened:
        (copy,) = opened.copies
        (line,) = (one for one in known(copy).offered if one.kind == "open")
        lists = copy_of(root) / "objects" / "lists"
        (lists / line.id).mkdir()
        shutil.copy(lists / old / "manifest.tsv", lists / line.id)
        came = Fetched(copy.writing.now(), line.id, 5, 9, "folder", is_whole=False)
        copy.writing.append(came)
        memory = copy.memory()
    assert memory.holdings[old].standing is State.PARTIAL
    (archive,) = mirror(root, "status", "--json").expect(0).one()["archives"]
    offered = [line.id for line in lines_of(root)]
    kept = [one for name, one in memory.holdings.items() if name in offered and name != line.id]
    assert (archive["complete"], archive["partial"]) == (len(kept), 1)
    assert archive["retired"] == len(memory.holdings) - len(kept) - 1
    shared = [path for path in (copy_of(root) / "objects").glob("??/*/*") if path.is_file()]
    assert memory.held_bytes - archive["held_bytes"] == sum(p.stat().st_size for p in shared)
    report = mirror(root, "report", "--json").one()
    assert sum(report["torrents"].values()) == len(kept) + 1


def lines_of(root: Path) -> list[TorrentLine]:
    """The torrents that are offered, as a mirror knows it."""
    with open_mirror_to_read(root) as opened:
        return list(known(opened.copies[0]).offered)
