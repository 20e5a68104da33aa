"""What a signed file may be called: names come from whoever signs, who may be a stranger."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    TargetFile,
    Targets,
)

from phonotheque.archive.bulk.signed_contents import FACTS
from phonotheque.disk import read_if_held
from phonotheque.errors import BadSignatureError, MalformedError, NotHeldError, TooLongError
from phonotheque.publish.index.form import encode_index, index_name
from phonotheque.publish.trust.at_rest import prove
from phonotheque.publish.trust.following import Follower
from phonotheque.publish.trust.keys import new_key
from phonotheque.publish.trust.names import MOST_SIGNED_BYTES, signed_path
from publish.trust.forge import forge, put, sign_also
from publish.trust.publisher import Between, Publisher, now

DIGEST = "0123456789abcdef" * 4

OUTWARD = (
    "../../../../.bashrc",
    "..",
    "facts/../../x",
    "facts/..",
    "/etc/passwd",
    "./x",
    "a//b",
    "a/",
    "",
    ".index-00001.jsonl.zst",
    "facts/.hidden",
    "a\\..\\b",
    "nul\0",
    "two\nlines",
    "last line\n",
    "café",
    "-rf",
    "a" * 101,
    "a/b/c/d/e",
    "metadata/2.root.json",
    "Metadata/timestamp.json",
    "index-/../../00001.jsonl.zst",
)
NO_DIGESTS = ("", "0" * 63, "0" * 65, "A" * 64, "../" * 21 + "x", DIGEST + "\n")


@pytest.fixture
def publisher() -> Publisher:
    made = Publisher()
    made.next(1)
    return made


def proven(publisher: Publisher) -> dict[str, bytes]:
    """What lies on a disk, proven; a name is looked for where it is, whatever it is."""
    return prove(lambda path: read_if_held(publisher.disk, f"published/{path}")).files


def serving(publisher: Publisher, path: str, data: bytes) -> Between:
    """A server that has a file also where the name of it leads out of every folder."""
    return Between(publisher.source(), {path: lambda: iter([data])})


@pytest.mark.parametrize("name", OUTWARD)
def test_a_name_that_leads_out_has_no_path(name: str) -> None:
    """Only plain parts make a path: letters, digits, and dots, dashes and lines within."""
    with pytest.raises(MalformedError):
        signed_path(name, DIGEST)


@pytest.mark.parametrize("sha256", NO_DIGESTS)
def test_what_is_no_digest_has_no_path(sha256: str) -> None:
    """A digest becomes part of a path, and is held to its form first."""
    with pytest.raises(BadSignatureError):
        signed_path("tombstones.jsonl", sha256)


@pytest.mark.parametrize(
    "name",
    [
        index_name(1),
        "index-history.sha256",
        "register-head.json",
        "minisign.pub",
        *(f"facts/{name}" for name in FACTS),
    ],
)
def test_what_an_archive_signs_has_a_path(name: str) -> None:
    """The names of our own files are plain."""
    folder, slash, last = name.rpartition("/")
    assert signed_path(name, DIGEST) == f"targets/{folder}{slash}{DIGEST}.{last}"


@pytest.mark.parametrize("name", OUTWARD)
def test_a_publication_with_such_a_name_is_not_followed(
    name: str, publisher: Publisher, tmp_path: Path
) -> None:
    """Who follows refuses all of it, before anything of it is handed out."""
    path = sign_also(publisher, name, b"mine\n")
    with pytest.raises(MalformedError):
        Follower(serving(publisher, path, b"mine\n"), tmp_path).follow(now())


@pytest.mark.parametrize("name", OUTWARD)
def test_a_publication_with_such_a_name_does_not_prove_itself(
    name: str, publisher: Publisher
) -> None:
    """The same for what lies on a disk."""
    path = sign_also(publisher, name, b"mine\n")
    held = {path: b"mine\n"}
    with pytest.raises(MalformedError):
        prove(lambda path: held.get(path) or read_if_held(publisher.disk, f"published/{path}"))


@pytest.mark.parametrize("sha256", NO_DIGESTS[1:])
def test_what_is_no_digest_is_not_followed(
    sha256: str, publisher: Publisher, tmp_path: Path
) -> None:
    """Who follows and who proves a disk refuse what is signed by no digest."""
    sign_also(publisher, "facts/x", b"mine\n", sha256)
    with pytest.raises(BadSignatureError):
        Follower(publisher.source(), tmp_path).follow(now())
    with pytest.raises(BadSignatureError):
        proven(publisher)


def test_a_file_without_a_digest_is_told_on_a_disk(publisher: Publisher) -> None:
    """A file of which only an unknown digest is signed cannot be proven, and ends nothing else."""

    def unknown(signed: Any) -> None:
        for file in signed.targets.values():
            file.hashes = {"sha512": "0" * 128}

    forge(publisher, "targets", unknown)
    with pytest.raises(BadSignatureError):
        proven(publisher)


def test_a_snapshot_without_targets_is_told_on_a_disk(publisher: Publisher) -> None:
    """What names no targets proves nothing."""
    forge(publisher, "snapshot", lambda said: said.meta.clear())
    with pytest.raises(BadSignatureError):
        proven(publisher)


def test_a_file_of_another_length_is_told_on_a_disk(publisher: Publisher) -> None:
    """Bytes are held against the length that is signed, too: it is what bounds them all."""

    def shorten(signed: Any) -> None:
        signed.targets["tombstones.jsonl"].length = 1

    forge(publisher, "targets", shorten)
    with pytest.raises(BadSignatureError):
        proven(publisher)


def test_all_that_is_signed_has_an_end(publisher: Publisher, tmp_path: Path) -> None:
    """Many files, none too long by itself, are refused before one byte of them is asked for."""
    each = 60 << 20

    def add(signed: Any) -> None:
        for number in range(MOST_SIGNED_BYTES // each + 1):
            name = f"facts/{number}"
            signed.targets[name] = TargetFile(each, {"sha256": DIGEST}, name)

    forge(publisher, "targets", add)
    between = Between(publisher.source())
    with pytest.raises(TooLongError):
        Follower(between, tmp_path).follow(now())
    assert between.sent < 20_000
    with pytest.raises(TooLongError):
        proven(publisher)


@pytest.mark.parametrize("expires", ["", "never", "2099-01-01T00:00:00", "9" * 5000])
def test_an_index_that_is_good_until_nobody_knows_when_is_refused(
    expires: str, publisher: Publisher, tmp_path: Path
) -> None:
    """What an archive signs as an instant and is none is told, and ends nothing else."""
    header = msgspec.structs.replace(publisher.header(1, 0, now()), expires=expires)
    data = encode_index(header, [])
    publisher.history[1] = hashlib.sha256(data).hexdigest()
    publisher.publish(1, data, at=now() + timedelta(seconds=5))
    with pytest.raises(MalformedError):
        Follower(publisher.source(), tmp_path).follow(now())


@pytest.mark.parametrize("role", ["snapshot", "targets"])
def test_no_paper_is_longer_because_it_is_signed_to_be(
    role: str, publisher: Publisher, tmp_path: Path
) -> None:
    """An archive that signs that its own papers are endless costs no more than others."""

    def lengthen(said: Any) -> None:
        meta = said.snapshot_meta if role == "snapshot" else said.meta["targets.json"]
        meta.length = 1 << 40

    path, data = publisher.paper(role)
    forge(publisher, "timestamp" if role == "snapshot" else "snapshot", lengthen)
    flood = [data, *[b" " * (1 << 16)] * 64]
    between = Between(publisher.source(), {path: lambda: iter(flood)})
    with pytest.raises(TooLongError):
        Follower(between, tmp_path).follow(now())
    assert between.sent < 200_000


def test_nobody_is_delegated_to(publisher: Publisher, tmp_path: Path) -> None:
    """What another role than the archive's own signs is not taken: no mirror would have it."""
    name, data, key = "elsewhere.txt", b"mine\n", new_key()
    file = TargetFile.from_data(name, data, ["sha256"])
    paper = Metadata(Targets(targets={name: file}, expires=now().replace(year=2099)))
    paper.sign(key.signer)
    put(publisher, "metadata/1.other.json", paper.to_bytes())
    put(publisher, f"metadata/{signed_path(name, file.hashes['sha256'])}", data)
    role = DelegatedRole("other", [key.id], 1, terminating=False, paths=["*"])

    def delegate(signed: Any) -> None:
        signed.delegations = Delegations({key.id: key.signer.public_key}, {"other": role})

    forge(publisher, "targets", delegate)
    meta = MetaFile.from_data(1, paper.to_bytes(), ["sha256"])
    forge(publisher, "snapshot", lambda said: said.meta.update({"other.json": meta}))
    follower = Follower(publisher.source(), tmp_path)
    follower.follow(now())
    with pytest.raises(NotHeldError):
        follower.file(name)
