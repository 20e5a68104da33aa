"""Files for other programs: whole or not there, for the owner alone, and in nobody's place."""

import errno
import os
from contextlib import ExitStack, suppress

import pytest

from phonotheque.cli.new_files import check_reports, write_report, written_whole
from phonotheque.errors import BadRequestError, ConflictError


def test_a_file_is_the_owners(tmp_path):
    """Nobody else can read it, and nothing else is left beside it."""
    path = tmp_path / ("n" * 250)
    with written_whole(path, b"end") as write:
        write(b"begin ")
        (aside,) = tmp_path.iterdir()
        assert aside.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes() == b"begin end"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("has_links", [True, False])
def test_what_came_meanwhile_stays(tmp_path, monkeypatch, has_links):
    """Of two who write under one name the first has it; the second is told, and leaves nothing."""
    if not has_links:
        monkeypatch.setattr(os, "link", _no_link)
    path = tmp_path / "list.csv"
    with ExitStack() as both:
        both.enter_context(written_whole(path))(b"one")
        with written_whole(path) as other:
            other(b"other")
        with pytest.raises(ConflictError, match=r"list\.csv: the name is taken"):
            both.close()
    assert path.read_bytes() == b"other"
    assert list(tmp_path.iterdir()) == [path]


def _no_link(*_):
    raise OSError(errno.EPERM, "no links here")


def test_what_fails_leaves_nothing(tmp_path):
    """An error, or Ctrl-C, while it is written: neither it nor a piece of it is there."""
    with suppress(KeyboardInterrupt), written_whole(tmp_path / "list.csv") as write:
        write(b"some")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_report_takes_the_place_of_the_one_before(tmp_path):
    """Also behind a link, which stays one; nothing is left beside it."""
    report, link = tmp_path / "of-today.html", tmp_path / "newest.html"
    link.symlink_to(report)
    for data in (b"one", b"two"):
        write_report(link, data)
    assert link.is_symlink()
    assert report.read_bytes() == b"two"
    assert sorted(tmp_path.iterdir()) == [link, report]


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("away/x.html", r"x\.html: the folder that it is to be in is not there \(/.*/away\)"),
        (".", "it is a folder"),
        ("/dev/null", "/dev/null: it is no file, and is not replaced"),
        ("device", "device: it is no file, and is not replaced"),
    ],
)
def test_where_no_report_can_be_written_it_is_refused(tmp_path, name, wrong):
    """Before it is made, by the name that was given; a device stays a device."""
    (tmp_path / "device").symlink_to("/dev/null")
    for refuse in (check_reports, lambda path: write_report(path, b"")):
        with pytest.raises(BadRequestError, match=wrong) as refused:
            refuse(tmp_path / name)
        assert ".new" not in str(refused.value)
    assert os.path.exists("/dev/null")
    assert not os.path.isfile("/dev/null")


def test_what_the_disk_refuses_is_told_by_the_name_that_was_given(tmp_path):
    """And not by that of the file beside it."""
    path = tmp_path / ("n" * 254)  # it fits, and a longer one does not
    with pytest.raises(BadRequestError, match="too long") as refused:
        write_report(path, b"")
    assert refused.value.thing == str(path)


@pytest.mark.parametrize(
    "words",
    [
        ("guard", "incident", "--html"),
        ("guard", "incident", "--csv"),
        ("guard", "explain", "g7", "--picture"),
        ("publish", "plan", "--picture"),
    ],
)
def test_commands_refuse_it_before_they_begin(phono, tmp_path, words):
    """Whatever else is wrong with what was asked for."""
    path = tmp_path / "away" / "x.svg"
    err = phono(*words, path).expect(2).err
    assert f"{path}: the folder that it is to be in is not there ({path.parent})" in err
