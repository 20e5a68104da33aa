"""What is published is signed in an order that never shows half of it, and only when it changed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest
from tuf.ngclient import Updater

from faults.faulty import FailKth, disk_full
from faults.memory import MemoryDisk
from phonotheque.disk import read_whole
from phonotheque.errors import KeyAwayError, NotHeldError, UnavailableError
from phonotheque.publish.index.form import index_name, read_index
from phonotheque.publish.trust import roles
from phonotheque.publish.trust.following import Follower
from phonotheque.publish.trust.keys import Ring, new_key
from phonotheque.publish.trust.names import signed_path
from phonotheque.publish.trust.repository import (
    MOST_TARGETS,
    Content,
    Lives,
    Signing,
    publish,
    standing,
)
from phonotheque.publish.trust.roots import METADATA, load_roots
from phonotheque.publish.trust.source import WebSource
from publish.loopback import Loopback, Silent
from publish.trust.publisher import LIVES, Publisher, line, now

DAY = timedelta(days=1)


@pytest.fixture
def publisher() -> Publisher:
    made = Publisher()
    made.next(1)
    return made


def signing(publisher: Publisher, ring: Ring | None = None, after: timedelta = DAY) -> Signing:
    return Signing(publisher.roots, ring or publisher.ring, LIVES, now() + after)


def contents(publisher: Publisher, **more: bytes) -> dict[str, Content]:
    """What the publisher signed last, and more."""
    before = standing(publisher.disk, publisher.roots).targets
    assert before is not None
    found = {}
    for name, file in before.says.targets.items():
        data = read_whole(publisher.disk, f"{METADATA}/{signed_path(name, file.hashes['sha256'])}")
        found[name] = Content(data, {})
    return {**found, **{name: Content(data, {}) for name, data in more.items()}}


def test_what_did_not_change_is_not_signed_again(publisher: Publisher) -> None:
    """A day later nothing is written: neither a file nor a signature."""
    before = publisher.disk.tree()
    assert not publish(publisher.disk, signing(publisher), contents(publisher))
    assert publisher.disk.tree() == before


def test_a_renewal_writes_one_file(publisher: Publisher) -> None:
    """To say that nothing changed, the timestamp alone is written."""
    before = publisher.disk.tree()
    assert publish(publisher.disk, signing(publisher), contents(publisher), is_renewed=True)
    after = publisher.disk.tree()
    changed = {path for path in after if after[path] != before.get(path)}
    assert changed == {"published/metadata/timestamp.json"}


def test_what_is_half_over_is_signed_again(publisher: Publisher) -> None:
    """After half of their lives, snapshot and timestamp are signed anew, targets not yet."""
    before = standing(publisher.disk, publisher.roots)
    publish(publisher.disk, signing(publisher, after=16 * DAY), contents(publisher))
    after = standing(publisher.disk, publisher.roots)
    assert after.snapshot
    assert after.snapshot.says.expires > now() + 45 * DAY
    assert after.targets == before.targets


def test_a_head_alone_is_no_reason(publisher: Publisher) -> None:
    """A file that is no reason is signed with the others, or not at all."""
    first = {**contents(publisher), "head": Content(b"1", {}, is_reason=False)}
    publish(publisher.disk, signing(publisher), first)
    second = {**first, "head": Content(b"2", {}, is_reason=False)}
    assert not publish(publisher.disk, signing(publisher), second)
    third = {**second, "tombstones.jsonl": Content(b"removed", {})}
    publish(publisher.disk, signing(publisher), third)
    said = standing(publisher.disk, publisher.roots).targets
    assert said
    assert said.says.targets["head"].hashes["sha256"] == third["head"].sha256


def test_versions_grow_when_a_clock_is_set_back(publisher: Publisher) -> None:
    """What is signed in the past, as a clock has it, is newer all the same."""
    before = standing(publisher.disk, publisher.roots)
    changed = contents(publisher, **{"tombstones.jsonl": b"removed"})
    publish(publisher.disk, signing(publisher, after=-400 * DAY), changed)
    after = standing(publisher.disk, publisher.roots)
    for old, new in ((before.targets, after.targets), (before.timestamp, after.timestamp)):
        assert old
        assert new
        assert new.says.version == old.says.version + 1


def test_versions_grow_when_everything_published_was_lost(publisher: Publisher) -> None:
    """Whoever followed before takes what is signed after `published/` was lost."""
    before = standing(publisher.disk, publisher.roots).timestamp
    lost = MemoryDisk()
    publish(lost, signing(publisher), contents(publisher))
    after = standing(lost, publisher.roots).timestamp
    assert before
    assert after
    assert after.says.version > before.says.version


def test_what_is_damaged_is_signed_again(publisher: Publisher) -> None:
    """A file that cannot be read, or that somebody else signed, is as good as none."""
    for wrong in (b"", b"{}", b"\xff\x00", somebody_elses()):
        path, _ = publisher.paper("targets")
        _overwrite(publisher.disk, f"published/{path}", wrong)
        assert publish(publisher.disk, signing(publisher), contents_of(publisher))
        assert standing(publisher.disk, publisher.roots).targets


def somebody_elses() -> bytes:
    """The targets of somebody else."""
    other = Publisher()
    other.next(1)
    return other.paper("targets")[1]


def contents_of(publisher: Publisher) -> dict[str, Content]:
    return {index_name(1): Content(publisher.newest, {})}


def _overwrite(disk: MemoryDisk, path: str, data: bytes) -> None:
    disk.remove(path)
    writer = disk.create(path)
    writer.write(data)
    writer.close()


def test_a_signed_file_that_was_lost_comes_back(publisher: Publisher) -> None:
    """What the targets name lies there, or is signed anew."""
    path = f"{METADATA}/{signed_path(index_name(1), publisher.history[1])}"
    whole = contents(publisher)
    publisher.disk.remove(path)
    assert publish(publisher.disk, signing(publisher), whole)
    assert read_whole(publisher.disk, path) == publisher.newest


def test_whoever_is_in_the_middle_of_a_download_can_finish(publisher: Publisher) -> None:
    """Of the publication before nothing is missing; of the one before that nothing is left."""
    first = {path: data for path, data in publisher.disk.tree().items() if _is_named(path)}
    publisher.next(2, at=now() + DAY)
    second = publisher.disk.tree()
    assert first.items() <= second.items()
    publisher.next(3, at=now() + 2 * DAY)
    third = publisher.disk.tree()
    gone = {path for path in first if path not in third}
    assert {path.rpartition(".")[0].rpartition(".")[2] for path in gone} >= {"targets", "snapshot"}


def _is_named(path: str) -> bool:
    return path.startswith("published/metadata/") and not path.endswith("timestamp.json")


def test_few_files_are_signed(publisher: Publisher) -> None:
    """Twenty are too many: all else follows from the index."""
    many = {f"{number}": Content(b"", {}) for number in range(MOST_TARGETS)}
    with pytest.raises(ValueError, match="targets"):
        publish(publisher.disk, signing(publisher), many)


def test_a_key_that_is_away_stops_only_what_needs_it() -> None:
    """With the targets' key in a drawer, what is newest is renewed; what is new has to wait."""
    publisher = Publisher()
    drawer = new_key()
    publisher.next(1)
    publisher.change_root(
        lambda root: roles.replace(root, ["targets"], publisher.online.id, drawer),
        *publisher.root_keys,
    )
    whole = contents(publisher)
    publish(publisher.disk, signing(publisher, publisher.ring.plus([drawer])), whole)
    before = publisher.disk.tree()
    assert publish(publisher.disk, signing(publisher, after=20 * DAY), whole, is_renewed=True)
    changed = {**whole, "tombstones.jsonl": Content(b"removed", {})}
    renewed = publisher.disk.tree()
    with pytest.raises(KeyAwayError, match="targets"):
        publish(publisher.disk, signing(publisher, after=21 * DAY), changed)
    assert publisher.disk.tree() == renewed != before


def test_a_new_root_makes_everything_signed_anew(publisher: Publisher) -> None:
    """What a key signed that is trusted no more is signed by the new one, with higher versions."""
    fresh, old = new_key(), publisher.online
    before = standing(publisher.disk, publisher.roots)
    publisher.change_root(
        lambda root: roles.replace(root, roles.ONLINE, old.id, fresh), *publisher.root_keys
    )
    whole = contents(publisher)
    publisher.online = fresh
    assert publish(publisher.disk, signing(publisher), whole)
    after = standing(publisher.disk, publisher.roots[-1:])
    for one, other in (
        (before.targets, after.targets),
        (before.snapshot, after.snapshot),
        (before.timestamp, after.timestamp),
    ):
        assert one
        assert other
        assert one.says.version < other.says.version


@pytest.mark.parametrize("kind", ["write", "rename", "sync", "sync_folder", "make_folder"])
def test_a_disk_that_refuses_shows_nothing_half(kind: str, publisher: Publisher) -> None:
    """Fail any call: whoever follows sees what was there or what is new, and trying again works."""
    start = publisher.disk
    data = publisher.index(2, line("small-open-all-00002"))
    for k in range(1, 200):
        publisher.disk = start.copy()
        faulty = FailKth(publisher.disk, k, disk_full, kinds={kind})
        publisher.disk, whole = faulty, publisher.disk  # type: ignore[assignment]
        with suppress(UnavailableError):
            publisher.publish(2, data, at=now() + DAY)
        publisher.disk = whole
        assert _seen(publisher) in (1, 2)
        if not faulty.fired:
            break
        publisher.publish(2, data, at=now() + DAY)
        assert _seen(publisher) == 2
    assert k > 1


def _seen(publisher: Publisher) -> int:
    """Number of the index that somebody who comes now is led to."""
    found = standing(publisher.disk, load_roots(publisher.disk))
    assert found.targets
    for name, file in found.targets.says.targets.items():
        data = read_whole(publisher.disk, f"{METADATA}/{signed_path(name, file.hashes['sha256'])}")
        file.verify_length_and_hashes(data)
    (name,) = (name for name in found.targets.says.targets if name.startswith("index-0"))
    return int(name[6:11])


# -- strangers -------------------------------------------------------------------------------


class _Stock(Silent, SimpleHTTPRequestHandler):
    """What Python has for serving a folder."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A stock web server on a folder; yields its address."""
    with Loopback(partial(_Stock, directory=folder)) as server:
        yield server.address()


def on_disk(publisher: Publisher, folder: Path) -> Path:
    """What is published, in a folder of this machine."""
    for path, data in publisher.disk.tree().items():
        if isinstance(data, bytes):
            os.makedirs(folder / Path(path).parent, exist_ok=True)
            (folder / path).write_bytes(data)
    return folder / "published"


def test_a_stock_client_takes_it(publisher: Publisher, tmp_path: Path) -> None:
    """The client of the library of TUF, with its defaults and its own HTTP, proves the index."""
    published = on_disk(publisher, tmp_path)
    (tmp_path / "cache").mkdir()
    with served(published) as address:
        client = Updater(
            str(tmp_path / "cache"),
            f"{address}metadata/",
            str(tmp_path / "cache"),
            f"{address}metadata/targets/",
            bootstrap=(published / "metadata" / "1.root.json").read_bytes(),
        )
        info = client.get_targetinfo(index_name(1))
        assert info is not None
        data = Path(client.download_target(info)).read_bytes()
    assert read_index(data)[0].seq == 1


def test_our_client_follows_a_web_server(publisher: Publisher, tmp_path: Path) -> None:
    """A plain web server is enough to follow, and one without an archive is told apart."""
    published = on_disk(publisher, tmp_path)
    with served(published) as address:
        follower = Follower(WebSource(address), tmp_path / "seen")
        assert follower.follow(now()).header.seq == 1
        assert follower.file("tombstones.jsonl") == b"none\n"
        with pytest.raises(NotHeldError):
            follower.file("nothing")
        with pytest.raises(UnavailableError):
            Follower(WebSource(f"{address}elsewhere"), tmp_path / "other").follow(now())
    with pytest.raises(UnavailableError):
        Follower(WebSource(address), tmp_path / "seen").follow(now())


def test_lives_are_written_down(publisher: Publisher) -> None:
    """What is signed says until when it is good: what is newest for a month, else a year."""
    for role, days in (("timestamp", 30), ("snapshot", 30), ("targets", 365)):
        said = json.loads(publisher.paper(role)[1])["signed"]["expires"]
        assert abs((datetime.fromisoformat(said) - now()) / DAY - days) < 1
    assert Lives(365, 30).of("targets") == 365 * DAY
