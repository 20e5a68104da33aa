"""What every store promises, proven for each of them."""

import hashlib
import os
import stat

import pytest

from faults.memory import MemoryDisk
from phonotheque.disk import LocalDisk, make_folders
from phonotheque.errors import NotHeldError
from phonotheque.music.digest import Sha256
from phonotheque.store.memory import MemoryStore
from phonotheque.store.objects import (
    INCOMING,
    DiskStore,
    ObjectName,
    extension_of,
    parse_file_name,
)


def _disk_store(disk):
    make_folders(disk, "objects")
    make_folders(disk, INCOMING)
    return DiskStore(disk)


@pytest.fixture(params=["memory", "disk in memory", "local disk"])
def store(request, tmp_path):
    if request.param == "memory":
        return MemoryStore()
    return _disk_store(MemoryDisk() if "memory" in request.param else LocalDisk(tmp_path))


def name_for(data, extension="flac"):
    return ObjectName(Sha256(hashlib.sha256(data).digest()), extension)


def put(store, data, token="t", extension="flac"):
    staged = store.stage(token)
    staged.write(data[:3])
    staged.write(memoryview(data)[3:])
    staged.finish()
    name = name_for(data, extension)
    store.publish(token, name)
    return name


def test_what_is_published_is_read_back(store):
    """An object has the bytes that were staged, and their length."""
    name = put(store, b"hello world")
    with store.open(name) as file:
        assert file.read() == b"hello world"
    assert store.size(name) == 11


def test_what_is_staged_is_invisible(store):
    """Before it is published, nothing can be seen under any name."""
    staged = store.stage("t")
    staged.write(b"abc")
    staged.finish()
    assert list(store.walk()) == []
    assert store.size(name_for(b"abc")) is None


def test_what_is_staged_can_be_read_back(store):
    """The decoder reads the staged copy, so that the source is read once."""
    staged = store.stage("t")
    staged.write(b"abc")
    staged.finish()
    with store.open_staged("t") as file:
        assert file.read() == b"abc"


def test_what_is_discarded_is_gone(store):
    """A discarded staging cannot be published, and discarding nothing is no error."""
    store.stage("t").close()
    store.discard("t")
    store.discard("t")
    with pytest.raises(NotHeldError):
        store.publish("t", name_for(b""))


def test_a_token_used_again_begins_anew(store):
    """Staging under a token drops what was staged there before."""
    staged = store.stage("t")
    staged.write(b"old old old")
    staged.close()
    name = put(store, b"new")
    with store.open(name) as file:
        assert file.read() == b"new"


def test_publishing_twice_leaves_one_object(store):
    """The same bytes published again are one object with the same bytes."""
    name = put(store, b"same", "a")
    assert put(store, b"same", "b") == name
    assert len(list(store.walk())) == 1
    with store.open(name) as file:
        assert file.read() == b"same"


def test_what_is_absent_is_refused(store):
    """Opening what is not there is refused with its name; its size is None."""
    name = name_for(b"absent")
    assert store.size(name) is None
    with pytest.raises(NotHeldError, match=name.sha256.hex[:8]):
        store.open(name)


def test_what_is_removed_is_gone(store):
    """A removed object is gone, and removing it again is no error."""
    name = put(store, b"bytes")
    store.remove(name)
    store.remove(name)
    assert store.size(name) is None
    assert list(store.walk()) == []


def test_the_walk_names_every_object_in_order(store):
    """Walking gives the path of each object below objects/, sorted."""
    names = [put(store, bytes([i]) * (i + 1)) for i in range(20)]
    wanted = sorted(f"{name.folder}/{name.file}" for name in names)
    assert list(store.walk()) == wanted


def test_objects_on_a_disk_cannot_be_written(tmp_path):
    """An object's file has mode 0444 and lies at objects/ab/cd/<sha256>.<ext>."""
    store = _disk_store(LocalDisk(tmp_path))
    name = put(store, b"immutable", extension="mp3")
    digits = name.sha256.hex
    path = tmp_path / "objects" / digits[:2] / digits[2:4] / f"{digits}.mp3"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o444


@pytest.mark.parametrize(
    ("file_name", "extension"),
    [
        ("a.FLAC", "flac"),
        ("a.tar.gz", "gz"),
        ("noending", ""),
        (".hidden", ""),
        (".hidden.mp3", "mp3"),
        ("a.mp3 ", ""),
        ("a.ünicode", ""),
        ("a.waytoolongending", ""),
        ("a.", ""),
    ],
)
def test_an_extension_is_plain_or_absent(file_name, extension):
    """Only lower-case ASCII letters and digits, at most 8, become part of a path."""
    assert extension_of(file_name) == extension


def test_file_names_are_read_back():
    """The name of an object's file says which object it is; any other name says nothing."""
    name = name_for(b"x", "ogg")
    assert parse_file_name(name.file) == name
    assert parse_file_name(name_for(b"x", "").file) == name_for(b"x", "")
    for foreign in ("", "x.ogg", name.file.upper(), name.file + "~", name.file[1:]):
        assert parse_file_name(foreign) is None
