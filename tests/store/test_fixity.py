"""Ten thousand damaged objects: all found, none false."""

import hashlib
import os
import random

import pytest

from faults.memory import MemoryDisk
from phonotheque.disk import make_folders
from phonotheque.music.digest import Sha256
from phonotheque.music.finding import FindingKind
from phonotheque.store.fixity import check_object, strays
from phonotheque.store.objects import INCOMING, DiskStore, ObjectName

MUTATIONS = int(os.environ.get("PHONOTHEQUE_MUTATIONS", "10000"))
OBJECTS = 24


def rewrite(disk, path, data):
    disk.remove(path)
    writer = disk.create(path)
    writer.write(data)
    writer.close()


@pytest.fixture(scope="module")
def shelf():
    """A disk with objects of many sizes, and their bytes by name."""
    rng = random.Random(7)
    disk = MemoryDisk()
    make_folders(disk, "objects")
    make_folders(disk, INCOMING)
    store = DiskStore(disk)
    objects = {}
    for number in range(OBJECTS):
        data = rng.randbytes(rng.choice([1, 2, 63, 1024, 16384, 16385, 40000]) + number)
        name = ObjectName(Sha256(hashlib.sha256(data).digest()), rng.choice(["", "mp3", "flac"]))
        staged = store.stage("t")
        staged.write(data)
        staged.finish()
        store.publish("t", name)
        objects[name] = data
    return disk, store, objects


def flip(rng, data):
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]


def truncate(rng, data):
    return data[: rng.randrange(len(data))]


def zero(rng, data):
    start = rng.randrange(len(data))
    blank = bytes(min(len(data) - start, rng.choice([1, 512, 4096])))
    return data[:start] + blank + data[start + len(blank) :]


def grow(rng, data):
    return data + rng.randbytes(rng.randint(1, 100))


def test_every_mutation_is_found_and_nothing_sound_is_blamed(shelf):
    """Flip, truncate, zero, grow, swap, delete, replace by a folder, add: all found, none false."""
    disk, store, objects = shelf
    names = sorted(objects)
    for number in range(MUTATIONS):
        rng = random.Random(number)
        name = names[rng.randrange(len(names))]
        data = objects[name]
        kind = rng.choice(["flip", "truncate", "zero", "grow", "swap", "delete", "extra"])
        if kind == "extra":
            path = rng.choice(["objects/ab/x", f"{name.path}~", "objects/00/00/" + "0" * 64])
            make_folders(disk, path.rpartition("/")[0])
            rewrite(disk, path, b"stray")
            found = strays(store, set(names).__contains__)
            assert {finding.path for finding in found} == {path}, number
            disk.remove(path)
            continue
        if kind == "delete":
            disk.remove(name.path)
            changed, expected = None, {FindingKind.MISSING}
        elif kind == "swap":
            changed = objects[names[(names.index(name) + 1) % len(names)]]
            expected = {FindingKind.CHANGED, FindingKind.TRUNCATED}
        else:
            changed = {"flip": flip, "truncate": truncate, "zero": zero, "grow": grow}[kind](
                rng, data
            )
            expected = (
                {FindingKind.TRUNCATED} if len(changed) < len(data) else {FindingKind.CHANGED}
            )
        if changed is not None:
            rewrite(disk, name.path, changed)
        finding = check_object(store, name, len(data))
        if changed == data:
            assert finding is None, number
        else:
            assert finding is not None, number
            assert finding.kind in expected, number
            assert finding.path == name.path
        other = names[rng.randrange(len(names))]
        if other != name:
            assert check_object(store, other, len(objects[other])) is None, number
        rewrite(disk, name.path, data) if changed is not None else _put_back(disk, name, data)
    assert all(check_object(store, name, len(objects[name])) is None for name in names)
    assert list(strays(store, set(names).__contains__)) == []


def _put_back(disk, name, data):
    writer = disk.create(name.path)
    writer.write(data)
    writer.close()


def test_strays_are_told_apart(shelf):
    """A file that is no object is foreign; an object that nobody registered is unreferenced."""
    disk, store, objects = shelf
    name, *rest = sorted(objects)
    rewrite(disk, "objects/notes.txt", b"hello")
    found = {finding.path: finding.kind for finding in strays(store, set(rest).__contains__)}
    disk.remove("objects/notes.txt")
    assert found == {
        "objects/notes.txt": FindingKind.FOREIGN,
        name.path: FindingKind.UNREFERENCED,
    }
