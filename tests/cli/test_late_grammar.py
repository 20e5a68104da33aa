"""The grammar that is built late: the same as typer's own, and no more of it than is needed."""

import pytest
import typer

from phonotheque.cli.app import app
from phonotheque.cli.late_grammar import group_of

SAID = ("opts", "secondary_opts", "required", "default", "help", "metavar", "multiple", "nargs")


def commands(words, command):
    """Every command of typer's own grammar, after its words."""
    yield words, command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands((*words, name), below)


def resolved(command, words):
    """The command that words lead to, as a run would resolve it."""
    for word in words:
        _, command, _ = command.resolve_command(typer.Context(command), [word])
    return command


def told(command):
    """All that a command says of itself, and what it takes."""
    context = typer.Context(command, info_name="phono")
    taken = [[getattr(one, name, None) for name in SAID] for one in command.params]
    return command.name, command.get_help(context), taken


def test_what_is_built_late_is_what_typer_builds():
    """Each command and group has the name, the help and the parameters that typer gives it."""
    late, whole = group_of(app), list(commands((), typer.main.get_command(app)))
    assert len(whole) > 90
    for words, command in whole:
        assert told(resolved(late, words)) == told(command), words


@pytest.fixture
def half_known():
    """Two commands, of which one has a signature that nobody can read."""
    small = typer.Typer(rich_markup_mode=None)

    @small.command()
    def sound(times: int = 1) -> int:
        """Make a sound."""
        return times

    @small.command()
    def silent(times: "Nowhere") -> None:  # noqa: F821
        """Make none."""

    return group_of(small)


def test_only_what_is_called_for_is_built(half_known, capsys):
    """Lists of commands read no signature, and a command that is run only its own."""
    half_known(["--help"], prog_name="small", standalone_mode=False)
    listed = capsys.readouterr().out
    assert "Make a sound." in listed
    assert "Make none." in listed
    assert half_known(["sound", "--times", "3"], standalone_mode=False) == 3
    with pytest.raises(NameError, match="Nowhere"):
        half_known(["silent", "1"], standalone_mode=False)


def test_a_slip_is_told_as_typer_tells_it(half_known):
    """What is no command is refused, with the name of the one that was meant."""
    with pytest.raises(typer.TyperException, match="Did you mean 'sound'"):
        half_known(["sond"], standalone_mode=False)
