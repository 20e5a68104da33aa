"""The grammar of `phono`: what every command has in common."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from tests.cli.phono import call
from tests.cli.small_music import make_file

from phonotheque import __version__
from phonotheque.cli.app import app


def commands():
    """Every command as its words, groups before their verbs."""

    def below(words, command):
        yield words
        for name, child in getattr(command, "commands", {}).items():
            yield from below((*words, name), child)

    return sorted(below((), typer.main.get_command(app)))


GROUPS = {words[:-1] for words in commands() if len(words) > 1}
VERBS = [words for words in commands() if words and words not in GROUPS]


def test_every_command_is_known():
    """The list that these tests run over holds the commands of the first hour."""
    assert {" ".join(words) for words in VERBS} >= {
        *("demo", "init", "add", "show", "status", "verify", "rebuild", "export", "seed"),
        *("rights show", "rights set", "rights check", "publish run"),
    }


@pytest.mark.parametrize("words", commands(), ids=" ".join)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_every_command_has_help(words, flag):
    """--help and -h print to standard output and end with 0."""
    done = call(*words, flag).expect(0)
    assert done.out.startswith("Usage: phono")
    assert done.err == ""


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_every_command_has_an_example(words):
    """The help of every verb ends its text with an example of itself."""
    assert f"Example: phono {' '.join(words)}" in call(*words, "--help").out


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("catalogue", "dump", "x", "--since", "x"), "a whole number of at least 1"),
        (
            ("guard", "permit", "x", "--factor", "y"),
            "a whole number of at least 1 and at most 1000",
        ),
    ],
)
def test_what_number_is_wanted_is_said(words, wanted):
    """A text where a number belongs is told which numbers do, in words and as JSON."""
    assert wanted in call(*words).expect(2).err
    assert wanted in json.loads(call(*words, "--json").expect(2).err)["wrong"]


def test_a_folder_that_cannot_be_made_is_told_so(tmp_path):
    """`init` where nothing can be made, or a file is, is a request to be mended: exit status 2."""
    (tmp_path / "file").touch()
    made = call("init", tmp_path / "file" / "archive", "--name", "x").expect(2).err
    assert "the folder cannot be made" in made
    assert "there is a file of this name" in call("init", tmp_path / "file", "--name", "x").err


def test_the_version_is_told():
    """--version prints the number and ends with 0."""
    assert call("--version").expect(0).out == f"phono {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["sing"],
        ["rights", "sing"],
        ["add"],
        ["verify", "--loud"],
        ["verify", "--oldest", "many"],
        ["--archive"],
        ["rights", "set", "abcdef"],
    ],
)
def test_what_the_grammar_lacks_ends_with_2(phono, arguments):
    """An unknown command or option, or a missing value, ends with 2; standard output is empty."""
    done = phono(*arguments).expect(2)
    assert done.out == ""
    assert done.err


@pytest.mark.parametrize(
    ("arguments", "thing", "word"),
    [
        (["sing"], "phono", "sing"),
        (["verify", "--loud"], "phono verify", "--loud"),
        (["verify", "--oldest", "many"], "phono verify", "many"),
        (["verify", "--all", "abcdef"], "phono verify", "not both"),
        (["rights", "set", "abcdef"], "phono rights set", "licence"),
    ],
    ids=str,
)
def test_what_the_grammar_lacks_is_json_where_json_was_asked_for(phono, arguments, thing, word):
    """With --json a mistake in the command line is one JSON object on standard error, too."""
    done = phono(*arguments, "--json").expect(2)
    told = json.loads(done.err)
    assert (done.out, told["error"], told["thing"]) == ("", "bad-request", thing)
    assert word in told["wrong"]
    assert told["todo"] == f"See `{thing} --help`."


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("arguments", [["status"], ["status", "--json"], ["show", "--help"]])
def test_output_that_is_refused_ends_with_6(phono, arguments):
    """A disk that is full under standard output is told on standard error, in our words."""
    command = [sys.executable, "-m", "phonotheque", "--archive", str(phono.root), *arguments]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=300, check=False
        )
    assert done.returncode == 6
    assert "standard output" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


REFUSED = [
    (["show", "000000"], 2, "bad-reference"),
    (["verify", "000000"], 2, "bad-reference"),
    (["add", "/no/such/folder"], 2, "bad-reference"),
    (["add", ".", "--licence", "x"], 2, "bad-licence"),
    (["rights", "show", "000000"], 2, "bad-reference"),
    (["rights", "check", "000000"], 2, "bad-reference"),
    (["export", "000000", "--to", "out"], 2, "bad-reference"),
]


@pytest.mark.parametrize(("arguments", "status", "code"), REFUSED, ids=lambda x: str(x)[:30])
def test_an_error_is_json_where_json_was_asked_for(phono, arguments, status, code):
    """With --json an error is one JSON object on standard error, and standard output is empty."""
    done = phono(*arguments, "--json").expect(status)
    assert done.out == ""
    told = json.loads(done.err)
    assert list(told) == ["error", "thing", "wrong", "todo"]
    assert told["error"] == code
    for_people = phono(*arguments).expect(status).err
    assert for_people == f"phono: {told['thing']}: {told['wrong']}. {told['todo']}\n"


@pytest.mark.parametrize("verb", ["status", "verify", "rebuild", "seed"])
def test_without_an_archive_every_command_says_how_to_make_one(tmp_path, monkeypatch, verb):
    """Where there is no archive the refusal names the place and `phono init`."""
    monkeypatch.delenv("PHONO_ARCHIVE", raising=False)
    monkeypatch.chdir(tmp_path)
    for arguments in ([verb], ["--archive", tmp_path, verb]):
        done = call(*arguments).expect(2)
        assert str(tmp_path) in done.err
        assert "phono init" in done.err


def test_the_archive_is_found(phono, tmp_path, monkeypatch):
    """--archive goes before $PHONO_ARCHIVE, and that before the nearest parent folder."""
    for name in ("two", "three"):
        call("init", tmp_path / name, "--name", name).expect(0)
    below = phono.root / "objects" / "ab"
    below.mkdir()
    monkeypatch.chdir(below)
    title = "Small Records"
    assert call("status", "--json").expect(0).one()["title"] == title
    monkeypatch.setenv("PHONO_ARCHIVE", str(tmp_path / "two"))
    assert call("status", "--json").expect(0).one()["title"] == "two"
    chosen = call("--archive", tmp_path / "three", "status", "--json").expect(0).one()
    assert chosen["title"] == "three"


def test_an_archive_is_founded_in_an_empty_folder_only(tmp_path):
    """`init` makes an archive where there is nothing, and refuses any other folder."""
    folder = tmp_path / "deep" / "new"
    told = call("init", folder, "--name", "Café Noir", "--json").expect(0).one()
    assert told == {"archive": str(folder), "name": "Café Noir", "short_name": "cafe-noir"}
    assert call("--archive", folder, "status").expect(0).out.startswith("Café Noir\n")
    assert (folder / "keys").stat().st_mode & 0o777 == 0o700
    before = sorted(folder.rglob("*"))
    assert "not empty" in call("init", folder, "--name", "Again").expect(2).err
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("name", ["x", 'a "quoted" \\ name', "日本\u3000語", "x" * 200])
def test_any_name_makes_an_archive(tmp_path, name):
    """Whatever a person calls the archive in one line, its settings can be read back."""
    call("init", tmp_path / "a", "--name", name).expect(0)
    title = call("--archive", tmp_path / "a", "status", "--json").expect(0).one()["title"]
    assert title == (name or "archive")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("two\nlines", "control character"),
        ("two\u2028lines", "control character"),
        ("bell\a", "control character"),
        ("x" * 201, "201 letters; 200 are the most"),
        (" ", "it is empty"),
    ],
)
def test_a_name_that_fits_no_line_is_refused(tmp_path, name, wrong):
    """What would break lists, heads and file names makes no archive, and leaves no folder."""
    assert wrong in call("init", tmp_path / "a", "--name", name).expect(2).err
    assert not (tmp_path / "a").exists()


def test_a_name_without_latin_letters_is_told_how_its_volumes_are_called(tmp_path):
    """Where nothing can be made of a name, the stand-in is told, and where to change it."""
    folder = tmp_path / "a"
    told = call("init", folder, "--name", "東京").expect(0).out
    assert f'`name = "archive"` in {folder}/phonotheque.toml' in told
    (key,) = [line for line in (folder / "phonotheque.toml").open() if line.startswith("name")]
    assert key == 'name = "archive"\n'
    assert "Choose" not in call("init", tmp_path / "b", "--name", "The Archive").expect(0).out


def test_a_setting_with_a_mistake_is_named(phono):
    """An unknown setting is refused by name in every command: a slip is never a default."""
    with open(phono.root / "phonotheque.toml", "a", encoding="utf-8") as file:
        file.write("\n[volumess]\nmax_objects = 3\n")
    assert "volumess.max_objects" in phono("status").expect(2).err


def test_ctrl_c_ends_with_130(phono, tmp_path, monkeypatch):
    """An interrupted command says that nothing is lost and ends with 130."""
    from phonotheque.archive import opening

    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    make_file(tmp_path / "a.wav", 1)
    monkeypatch.setattr(opening, "heal", interrupted)
    done = phono("add", tmp_path / "a.wav").expect(130)
    assert "run the same command again" in done.err
    assert done.out == ""
