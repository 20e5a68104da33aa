"""In fifty years: the archive's own README files and coreutils, and nothing of ours, suffice.

The commands are taken out of the texts as they stand and run by bash with a search path on which
there is nothing but coreutils.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.cli.small_music import ARTISTS, make_music, title_of
from tests.torture.command import found
from tests.torture.invariants import read_register, sha256_of

COREUTILS = (  # of GNU coreutils 9.1 those that such a text could want
    "basename cat chmod cp cut date dirname echo env expand fold head join ln ls mkdir mktemp mv nl"
    " od paste printf pwd readlink realpath rm rmdir seq sha256sum sort split stat tac tail tee"
    " test touch tr true uniq wc"
)


@pytest.fixture(scope="module")
def tools(tmp_path_factory):
    """A folder with bash and coreutils, to be the whole search path."""
    if not shutil.which("sha256sum"):
        pytest.skip("there is no GNU coreutils here")
    folder = tmp_path_factory.mktemp("bin")
    for name in COREUTILS.split():
        if path := shutil.which(name):
            (folder / name).symlink_to(path)
    return folder


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """An archive with one sealed volume of nine recordings."""
    folder = tmp_path_factory.mktemp("published")
    make_music(folder / "music", 9)
    phono = found(folder / "archive", "Small Records")
    phono.run("add", folder / "music", "--licence", "CC-BY-4.0", "--evidence", "ours").expect(0)
    phono.run("publish", "run").expect(0)
    return phono.archive


@pytest.fixture
def archive(published, tmp_path):
    """A copy that a test may damage."""
    copy = tmp_path / "copy"
    shutil.copytree(published, copy, symlinks=True)
    for path in copy.rglob("objects/*/*/*"):
        path.chmod(0o644)
    return copy


def commands(text):
    """The indented blocks of a README, in order, under the line that announces each."""
    blocks = {}
    title = ""
    for part in re.split(r"\n\n+", text):
        lines = part.strip("\n").split("\n")
        if all(line.startswith("  ") for line in lines):
            blocks.setdefault(title, "\n".join(line[2:] for line in lines))
        else:
            title = lines[0].strip()
    return blocks


def run(tools, folder, command):
    """Run a command as a person would paste it, with nothing but the tools."""
    bash = shutil.which("bash") or pytest.skip("there is no bash here")
    return subprocess.run(
        [bash, "--noprofile", "--norc", "-c", command],
        cwd=folder,
        env={"PATH": str(tools), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )


def volume_of(archive):
    (name,) = read_register(archive).volumes
    return name


def archive_commands(archive):
    text = (archive / "README.txt").read_text(encoding="utf-8")
    name = volume_of(archive)
    return {title: block.replace("VOLUME", name) for title, block in commands(text).items()}


def find(blocks, word):
    (title,) = (title for title in blocks if word in title)
    return blocks[title]


def some_object(archive):
    sha256 = min(read_register(archive).accessions)
    return next((archive / "objects" / sha256[:2] / sha256[2:4]).iterdir())


def flip(path, at=-1):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def assert_silent(done):
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_search_path_holds_coreutils_alone(tools):
    """The tests below cannot cheat: neither Python nor grep, sed, awk or find is to be had."""
    for name in ("python3", "grep", "sed", "awk", "find", "xargs", "jq", "phono"):
        assert run(tools, "/", f"command -v {name}").returncode != 0


def test_every_file_is_checked(tools, archive):
    """The command under CHECK EVERY FILE is silent on a sound archive and names any damage."""
    command = find(archive_commands(archive), "CHECK EVERY FILE")
    assert_silent(run(tools, archive, command))
    victim = some_object(archive)
    flip(victim)
    done = run(tools, archive, command)
    assert done.returncode != 0
    assert victim.name in done.stdout
    assert done.stdout.count("FAILED") == 1


def test_a_volume_is_checked(tools, archive):
    """The command under CHECK ONE PUBLISHED VOLUME sees damage, loss and a changed list."""
    command = find(archive_commands(archive), "CHECK ONE PUBLISHED VOLUME")
    assert_silent(run(tools, archive, command))
    lists = archive / "objects" / "lists" / volume_of(archive)
    member = (lists / "manifest.tsv").read_text(encoding="utf-8").splitlines()[1].split("\t")[2]
    path = archive / "objects" / member
    whole = path.read_bytes()
    path.unlink()
    assert run(tools, archive, command).returncode != 0
    path.write_bytes(whole[:-1])
    assert member in run(tools, archive, command).stdout
    path.write_bytes(whole)
    assert_silent(run(tools, archive, command))
    (lists / "ATTRIBUTION.txt").chmod(0o644)
    flip(lists / "ATTRIBUTION.txt", 3)
    assert "ATTRIBUTION.txt" in run(tools, archive, command).stdout


def test_tracks_are_listed(tools, archive):
    """The command under LIST ITS TRACKS shows title, artists, release and licence of every one."""
    done = run(tools, archive, find(archive_commands(archive), "LIST ITS TRACKS"))
    header, *rows = (line.split("\t") for line in done.stdout.splitlines())
    assert header == ["title", "artists", "release", "licence"]
    wanted = {(title_of(n), ARTISTS[n % len(ARTISTS)], "Release 0") for n in range(9)}
    assert {(title, artists, release) for title, artists, release, _ in rows} == wanted
    assert all("creativecommons.org/licenses/by/4.0" in licence for *_, licence in rows)


def test_tracks_are_copied_out_under_readable_names(tools, archive):
    """The command under COPY ITS TRACKS OUT gives every master, exact, a name for people."""
    done = run(tools, archive, find(archive_commands(archive), "COPY ITS TRACKS OUT"))
    assert_silent(done)
    copies = {path.name: sha256_of(path) for path in (archive / "out").iterdir()}
    assert len(copies) == 9
    for number in range(9):
        artist = ARTISTS[number % len(ARTISTS)].replace("/", "_")
        name = f"{artist} - {title_of(number)}.{('wav', 'flac', 'mp3')[number % 3]}"
        assert name in copies
    manifest = archive / "objects" / "lists" / volume_of(archive) / "manifest.tsv"
    rows = manifest.read_text(encoding="utf-8").splitlines()[1:]
    assert sorted(copies.values()) == sorted(row.split("\t")[0] for row in rows)


def test_the_register_is_checked(tools, archive):
    """The two commands under CHECK THE REGISTER agree on a sound register, not on a changed one."""
    command = find(archive_commands(archive), "Each line holds")

    def agree():
        digest, line = run(tools, archive, command).stdout.splitlines()
        return digest.split()[0] in line

    assert agree()
    register = archive / "register" / "000001.jsonl"
    lines = register.read_bytes().splitlines(keepends=True)
    flip(register, sum(map(len, lines[:4])) + 100)
    assert not agree()


def test_a_volume_alone_checks_and_lists_itself(tools, archive, tmp_path):
    """A stranger's copy of one volume, with nothing around it, is proven by its own README."""
    name = volume_of(archive)
    torrent_folder = tmp_path / name
    sums = (archive / "volumes" / name / "lists" / name / "SHA256SUMS").read_text(encoding="utf-8")
    paths = [line.partition("  ")[2] for line in sums.splitlines()]
    for path in (*paths, f"lists/{name}/SHA256SUMS"):
        (torrent_folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(archive / "volumes" / name / path, torrent_folder / path)
    readme = torrent_folder / "lists" / name / "README.txt"
    blocks = commands(readme.read_text(encoding="utf-8"))
    check, listing = find(blocks, "Check them"), find(blocks, "List them")
    assert_silent(run(tools, torrent_folder, check))
    assert title_of(3) in run(tools, torrent_folder, listing).stdout
    flip(torrent_folder / Path(paths[0]))
    assert paths[0] in run(tools, torrent_folder, check).stdout
