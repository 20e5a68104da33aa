"""Sources that are strange, broken or hostile: named, refused where they must be, never touched."""

import base64
import contextlib
import hashlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from tests.cli.small_music import make_file, make_music
from tests.torture.command import found
from tests.torture.invariants import check_archive, read_register

ADD = ("add", "--json", "--jobs", "1")


@pytest.fixture
def phono(tmp_path):
    """The command with a new archive."""
    return found(tmp_path / "archive")


@pytest.fixture
def source(tmp_path):
    """An empty folder to be added, as bytes."""
    folder = tmp_path / "source"
    folder.mkdir()
    return os.fsencode(folder)


def put(source, name, number):
    """Copy a small valid WAV, unlike all others, under any name."""
    with tempfile.TemporaryDirectory() as folder:
        made = make_file(Path(folder) / "a.wav", number)
        shutil.copyfile(made, source + b"/" + name)


def snapshot(folder):
    """Everything a source tree is: names, kinds, times, bytes."""
    seen = {}
    for at, folders, names in os.walk(folder):
        for name in folders + names:
            path = at + b"/" + name
            found_there = os.lstat(path)
            mode = found_there.st_mode
            if stat.S_ISREG(mode):
                with open(path, "rb") as file:
                    held = hashlib.file_digest(file, "sha256").hexdigest()
            else:
                held = os.readlink(path) if stat.S_ISLNK(mode) else None
            seen[path] = (mode, found_there.st_size, found_there.st_mtime_ns, held)
    return seen


def exact_path(event):
    """The bytes of a source path, from a line of the register."""
    encoded = event.get("path_base64")
    return base64.b64decode(encoded) if encoded else event["path"].encode()


NAMES = {
    "newline": b"one\ntwo.wav",
    "carriage return": b"one\r.wav",
    "tab": b"one\ttwo.wav",
    "leading dash": b"--jobs.wav",
    "leading dot": b".hidden.wav",
    "longest": b"x" * 251 + b".wav",
    "no Unicode": b"caf\xe9 \xff\xfe.wav",
    "cut Unicode": b"cut \xe2\x82.wav",
    "surrogate": b"\xed\xa0\x80.wav",
    "NFC": "é.wav".encode(),
    "NFD": "e\u0301.wav".encode(),
    "lower": b"twin.wav",
    "upper": b"TWIN.WAV",
    "right to left": "abc\u202evaw.wav".encode(),
    "bell and colour": b"\x07\x1b[31mred\x1b[0m.wav",
    "delete": b"\x7f.wav",
    "line separator": "a\u2028b\u0085c.wav".encode(),
    "backslash": b"..\\..\\up.wav",
    "quotes": b"'\"$(touch x)`;&|.wav",
    "space": b" ",
    "trailing": b"end. ",
    "device of Windows": b"con.wav",
    "beyond the BMP": "\U0001f3b5.wav".encode(),
    "replacement": "\ufffd.wav".encode(),
}


def test_every_name_is_taken_in_and_can_be_told_again_byte_for_byte(phono, source):
    """Whatever a file is called, it is added, and the register gives back its exact name."""
    wanted = {}
    for number, name in enumerate(NAMES.values()):
        try:
            put(source, name, number)
        except OSError:  # this file system does not know such names
            continue
        with open(source + b"/" + name, "rb") as file:
            wanted.setdefault(name, hashlib.file_digest(file, "sha256").hexdigest())
    if sys.platform == "linux":
        assert len(wanted) == len(NAMES)
    before = snapshot(source)
    records = phono.run(*ADD, os.fsdecode(source)).expect(0).records
    assert {record["outcome"] for record in records} == {"added"}
    assert {record["sha256"] for record in records} == set(wanted.values())
    facts = check_archive(phono.archive, records, at_rest=True)
    told = {exact_path(lines[0]): sha256 for sha256, lines in facts.accessions.items()}
    assert told == wanted
    assert snapshot(source) == before
    again = phono.run(*ADD, os.fsdecode(source)).expect(0).records
    assert {record["outcome"] for record in again} == {"held"}
    assert len(read_register(phono.archive).events) == len(facts.events)


def test_a_name_given_by_hand_may_be_any_bytes(phono, source):
    """A file named on the command line, dash and undecodable bytes and all, is taken in."""
    for number, name in enumerate((b"-rf.wav", b"\xff.wav")):
        put(source, name, number)
        command = (*ADD, "--", os.fsdecode(name))
        (record,) = phono.run(*command, cwd=os.fsdecode(source)).expect(0).records
        assert record["outcome"] == "added"
    gone = phono.run(*ADD, os.fsdecode(b"/no/such/\xff\n"), "--json").expect(2)
    assert '"error": "bad-reference"' in gone.err


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS names are always UTF-8")
def test_output_survives_a_terminal_that_knows_only_ascii(phono, source):
    """Names beyond the terminal's letters do not stop an `add`, and are promised in full."""
    put(source, "é\U0001f3b5.wav".encode(), 1)
    put(source, b"\xff.wav", 2)
    phono.env.update(PYTHONIOENCODING="ascii", LC_ALL="C")
    (source_path := Path(os.fsdecode(source)) / "empty é.wav").touch()
    # Started as users start it: what an encoding is, a process learns when it begins.
    records = phono.start(*ADD, os.fsdecode(source)).end().expect(1).records
    assert sorted(record["outcome"] for record in records) == ["added", "added", "refused"]
    assert {r["path"] for r in records} == {"é\U0001f3b5.wav", "\ufffd.wav", source_path.name}
    phono.start("add", os.fsdecode(source)).end().expect(1)


def test_names_play_no_tricks_on_the_screen(phono, source):
    """What people read shows control characters instead of obeying them."""
    for name in ("bell and colour", "right to left", "newline", "no Unicode", "line separator"):
        os.close(os.open(source + b"/" + NAMES[name], os.O_CREAT | os.O_WRONLY))
    ended = phono.run("add", os.fsdecode(source)).expect(1)
    assert not set(ended.out) & set("\x07\x1b\r\u202e\u2028\u0085")
    refused = [line for line in ended.out.splitlines() if "empty file" in line]
    assert len(refused) == 5


def make_special(source):
    """One of each thing that is no regular file; name -> a word of the reason."""
    put(source, b"good.wav", 1)
    outside = Path(os.fsdecode(source)).parent / "outside.wav"
    shutil.copyfile(os.fsdecode(source + b"/good.wav"), outside)
    os.mkfifo(source + b"/pipe.wav")
    os.symlink(b"good.wav", source + b"/to-file.wav")
    os.symlink(b".", source + b"/to-folder")
    os.symlink(b"loop", source + b"/loop")
    os.symlink(os.fsencode(outside), source + b"/outside.wav")
    os.symlink(b"nowhere", source + b"/dangling")
    reasons = {
        "pipe.wav": "a pipe",
        "to-file.wav": "a symbolic link",
        "to-folder": "a symbolic link",
        "loop": "a symbolic link",
        "outside.wav": "a symbolic link",
        "dangling": "a symbolic link",
        "empty.flac": "empty file",
    }
    open(source + b"/empty.flac", "wb").close()
    here = os.open(source, os.O_RDONLY)
    try:  # by a short path: a socket's is 107 bytes at most
        with socket.socket(socket.AF_UNIX) as listening:
            old = os.open(".", os.O_RDONLY)
            os.fchdir(here)
            listening.bind("socket.wav")
            os.fchdir(old)
            os.close(old)
    finally:
        os.close(here)
    reasons["socket.wav"] = "a socket"
    with contextlib.suppress(PermissionError):
        os.mknod(source + b"/null.wav", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        reasons["null.wav"] = "a device"
    return reasons


def test_what_is_no_file_is_refused_and_stops_no_other(phono, source):
    """Pipes, links, sockets, devices and empty files are refused by name; the good file is kept."""
    reasons = make_special(source)
    before = snapshot(source)
    records = phono.run(*ADD, os.fsdecode(source)).expect(1).records
    by_path = {record["path"]: record for record in records}
    assert set(by_path) == {*reasons, "good.wav"}
    assert by_path["good.wav"]["outcome"] == "added"
    for path, reason in reasons.items():
        assert by_path[path]["outcome"] == "refused"
        assert reason in by_path[path]["reason"], path
    assert snapshot(source) == before
    facts = check_archive(phono.archive, records, at_rest=True)
    assert [event["path"] for (event,) in facts.accessions.values()] == ["good.wav"]


def test_what_is_named_by_hand_is_followed_or_refused(phono, source):
    """A link given by hand is followed, to a file or a folder; a pipe given by hand is refused."""
    make_special(source)
    folder = os.fsdecode(source)
    (to_file,) = phono.run(*ADD, f"{folder}/to-file.wav").expect(0).records
    assert (to_file["path"], to_file["outcome"]) == ("to-file.wav", "added")
    (pipe,) = phono.run(*ADD, f"{folder}/pipe.wav").expect(1).records
    assert (pipe["path"], pipe["outcome"]) == ("pipe.wav", "refused")
    link = Path(folder).parent / "link"
    link.symlink_to(folder)
    assert any(r["path"] == "good.wav" for r in phono.run(*ADD, link).expect(1).records)
    phono.run(*ADD, f"{folder}/loop").expect(2)


_PR_CAPBSET_DROP = 24  # linux/prctl.h
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2  # linux/capability.h


@pytest.fixture
def bound():
    """What a process must do first so that permissions bind it; root passes them by otherwise."""
    if os.geteuid() != 0:
        return None
    if sys.platform != "linux":
        pytest.skip("permissions do not bind root, and only Linux can bind it again")
    import ctypes

    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def preexec():
        for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
            if prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "prctl")

    return preexec


def test_what_may_not_be_read_is_refused_with_the_reason(phono, tmp_path, bound):
    """A file or folder without permission is refused; the rest is taken in; no mode is changed."""
    music = tmp_path / "music"
    make_music(music, 4)
    (music / "closed").mkdir()
    make_file(music / "closed" / "a.wav", 99)
    make_file(music / "secret.wav", 98).chmod(0o000)
    (music / "closed").chmod(0o000)
    records = phono.run(*ADD, music, preexec=bound).expect(1).records
    (music / "closed").chmod(0o700)
    refused = {r["path"]: r["reason"] for r in records if r["outcome"] == "refused"}
    assert set(refused) == {"closed/", "secret.wav"}
    assert all("permission denied" in reason for reason in refused.values())
    assert len(records) == 4 + 1 + 2
    assert stat.S_IMODE((music / "secret.wav").stat().st_mode) == 0
    check_archive(phono.archive, records, at_rest=True)
    (music / "rights.toml").write_text("[[rule]]\n")
    (music / "rights.toml").chmod(0o000)
    ended = phono.run(*ADD, music, preexec=bound).expect(2)
    assert '"error": "bad-rules"' in ended.err


@pytest.mark.parametrize("closed", ["objects", "register", "state", "state/incoming"])
def test_an_archive_that_may_not_be_written_says_so(phono, tmp_path, bound, closed):
    """A folder that refuses to be written to is exit status 6 and named, not a crash."""
    make_music(tmp_path / "music", 2)
    folder = phono.archive / closed
    for path in (folder, *folder.glob("*.*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    ended = phono.run(*ADD, tmp_path / "music", preexec=bound).expect(6)
    assert '"todo"' in ended.err
    for path in (folder, *folder.glob("*.*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    check_archive(phono.archive, ended.records)
    records = phono.run(*ADD, tmp_path / "music").expect(0).records
    check_archive(phono.archive, [*ended.records, *records], at_rest=True)


def test_a_file_that_grows_while_it_is_read_is_refused_then_taken(phono, source):
    """Bytes that change under the reader get no name; once the file is still, it is added."""
    path = Path(os.fsdecode(source)) / "growing.wav"
    path.write_bytes(b"RIFF" + bytes(48 << 20))
    is_done = threading.Event()

    def grow():
        with open(path, "ab", buffering=0) as file:
            while not is_done.is_set():
                file.write(b"\1")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        (record,) = phono.run(*ADD, path).expect(1).records
    finally:
        is_done.set()
        writer.join()
    assert record["outcome"] == "refused"
    assert "changed while it was being read" in record["reason"]
    facts = check_archive(phono.archive, at_rest=True)
    assert not facts.accessions
    (record,) = phono.run(*ADD, path).expect(0, 1).records
    assert record["outcome"] in ("added", "unreadable")
    check_archive(phono.archive, [record], at_rest=True)


def test_a_sparse_file_is_kept_whole(phono, source):
    """Holes are read as zeros: 48 MiB of nothing keep their digest and length."""
    path = Path(os.fsdecode(source)) / "holes.dat"
    with open(path, "wb") as file:
        file.truncate(48 << 20)
    (record,) = phono.run(*ADD, path).expect(0).records
    assert record["outcome"] == "companion"
    assert record["sha256"] == hashlib.sha256(bytes(48 << 20)).hexdigest()
    check_archive(phono.archive, [record], at_rest=True)


@pytest.mark.parametrize(
    "rules", ['[[rule]\nmatch = "*"\n', "[[rule]]\nmatch = 3\n", "\xff", "\0" * 40, "[" * 5000]
)
def test_broken_rules_stop_before_anything_is_added(phono, source, rules):
    """A `rights.toml` that cannot be read is exit status 2, and nothing was taken in."""
    put(source, b"good.wav", 1)
    Path(os.fsdecode(source), "rights.toml").write_bytes(rules.encode("latin-1"))
    before = read_register(phono.archive).events
    ended = phono.run(*ADD, os.fsdecode(source)).expect(2)
    assert '"error": "bad-rules"' in ended.err
    assert "rights.toml" in ended.err
    assert not ended.out
    assert read_register(phono.archive).events == before
    check_archive(phono.archive, at_rest=True)


@pytest.mark.parametrize(
    "below", ["", "objects", "state", "people.sqlite", "register/000001.jsonl"]
)
def test_an_archive_is_not_taken_into_itself(phono, source, below):
    """The archive, or anything in it, is refused, also by another name of it."""
    link = phono.archive.parent / "other name"
    link.symlink_to(phono.archive)
    for root in (phono.archive, link):
        (record,) = phono.run(*ADD, root / below).expect(1).records
        assert record["outcome"] == "refused"
        assert "the archive itself" in record["reason"]
    assert len(read_register(phono.archive).events) == 1


def test_an_archive_among_music_is_passed_over(phono, source):
    """Adding a folder that holds the archive takes in the rest and not the archive."""
    put(source, b"good.wav", 1)
    records = phono.run(*ADD, phono.archive.parent).expect(1).records
    outcomes = {record["path"]: record["outcome"] for record in records}
    assert outcomes == {"archive": "refused", "source/good.wav": "added"}
    check_archive(phono.archive, records, at_rest=True)


def test_the_same_folder_twice_adds_nothing_and_says_so(phono, tmp_path):
    """A second `add` writes not one line to the register and calls every file held."""
    files = make_music(tmp_path / "music", 6)
    phono.run(*ADD, tmp_path / "music").expect(0)
    before = read_register(phono.archive).events
    records = phono.run(*ADD, tmp_path / "music").expect(0).records
    assert [record["outcome"] for record in records] == ["held"] * len(files)
    assert "already held" in phono.run("add", tmp_path / "music").expect(0).out
    assert read_register(phono.archive).events == before


def test_ctrl_c_stops_at_once_and_the_next_run_goes_on(phono, tmp_path):
    """An interrupt ends with 130, keeps what was told, leaves no process, and costs nothing."""
    files = make_music(tmp_path / "music", 16)
    running = phono.start_and_stop(3, "add", tmp_path / "music", "--json", "--jobs", "2")
    running.signal(signal.SIGINT, group=True)
    running.signal(signal.SIGCONT, group=True)
    ended = running.end().expect(130)
    assert "run the same command again" in ended.err
    assert 3 <= len(ended.records) < len(files)
    check_archive(phono.archive, ended.records)
    records = phono.run("add", tmp_path / "music", "--json").expect(0).records
    assert len(records) == len(files)
    check_archive(phono.archive, [*ended.records, *records], at_rest=True)


@pytest.fixture
def nest():
    """Makes folders in folders; takes them away again, which `shutil` cannot do with so many."""
    made = []

    def make(folder, levels):
        made.append(folder)
        for _ in range(levels):
            folder += b"/a"
            os.mkdir(folder)
        return folder

    yield make
    for folder in made:
        subprocess.run([b"rm", b"-r", folder + b"/a"], check=True)


def test_a_source_may_be_nested_deeply(phono, source, nest):
    """A file 1,100 folders deep is taken in, and one below objects/ is told by a check."""
    put(nest(source, 1100), b"song.wav", 1)
    (told,) = phono.run(*ADD, os.fsdecode(source)).expect(0).records
    assert told["path"].endswith("/song.wav")
    stray = nest(os.fsencode(phono.archive / "objects"), 1100)
    put(stray, b"stray.wav", 2)
    *findings, _ = phono.run("verify", "--json").expect(1).records
    assert [one["path"][-9:] for one in findings] == ["stray.wav"]
