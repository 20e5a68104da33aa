"""The plain-text lists of a volume: one line a recording, whatever stands in its tags."""

import hashlib
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.music.digest import Sha256
from phonotheque.publish import lists
from phonotheque.publish.lists import Line
from phonotheque.store.objects import ObjectName

texts = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(
    ["a\tb", "a\nb", "\x85", "a\u2028b", "\r\n", "\x00", " ", "-"]
)
names = st.builds(
    ObjectName, st.binary(min_size=32, max_size=32).map(Sha256), st.sampled_from(["flac", ""])
)
lines = st.lists(
    st.builds(Line, names, st.integers(1, 10**12), texts, texts, texts, texts), max_size=6
)


@given(lines)
def test_a_manifest_is_read_back(given_lines):
    """Whatever tags hold, the names come back in order."""
    assert lists.read_manifest(lists.manifest(given_lines)) == [one.name for one in given_lines]


@given(lines)
def test_every_recording_is_one_line_of_seven_fields(given_lines):
    """For a shell, too, each recording is one line with seven fields, none of them empty."""
    rows = lists.manifest(given_lines).split("\n")
    assert rows[-1] == ""
    assert len(rows) == len(given_lines) + 2
    for row in rows[:-1]:
        fields = row.split("\t")
        assert len(fields) == 7
        assert all(fields)
        assert row.splitlines() == [row]


@given(lines)
def test_attribution_names_every_recording(given_lines):
    """Each recording's file stands under its licence, with who made it or that nobody is named."""
    text = lists.attribution("v", given_lines)
    for one in given_lines:
        assert f"    {one.path}\n" in text
        assert f"Licence: {one.licence}\n" in text


def test_the_same_volume_has_the_same_bytes():
    """A manifest and an attribution as they stand for ever."""
    name = ObjectName(Sha256(bytes.fromhex("ab" * 32)), "flac")
    line = Line(name, 12, "Über", "A; B", "", "CC0-1.0")
    assert lists.manifest([line]) == (
        "sha256\tsize\tpath\ttitle\tartists\trelease\tlicence\n"
        f"{'ab' * 32}\t12\tab/ab/{'ab' * 32}.flac\tÜber\tA; B\t-\tCC0-1.0\n"
    )
    assert lists.attribution("v", [line]) == (
        "Attribution for the recordings of v\n\nLicence: CC0-1.0\n\n"
        f"  A; B: Über\n    ab/ab/{'ab' * 32}.flac\n"
    )
    readme = lists.readme("v", "The\nArchive", "nc", [line])
    assert '1 recordings, 12 bytes, licence class "nc", from the archive\n"The Archive"' in readme


def test_coreutils_accept_the_checksums(tmp_path):
    """`sha256sum --check` reads what is written and finds what was changed."""
    if not shutil.which("sha256sum"):
        pytest.skip("there is no sha256sum here")
    pairs = []
    for name in ("a", "b c", "ü"):
        (tmp_path / name).write_text(name)
        pairs.append((hashlib.sha256(name.encode()).hexdigest(), name))
    (tmp_path / "SHA256SUMS").write_text(lists.checksums(pairs), encoding="utf-8")
    command = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 0
    (tmp_path / "b c").write_text("other")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "b c: FAILED" in done.stdout


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256\tsize\n",
        "\t".join(lists.COLUMNS) + "\nab\t1\tx\t-\t-\t-\t-\n",
        "\t".join(lists.COLUMNS) + f"\n{'ab' * 32}\t1\tab/ab/{'cd' * 32}\t-\t-\t-\t-\n",
        "\t".join(lists.COLUMNS) + f"\n{'ab' * 32}\t1\tab/ab/{'ab' * 32}\t-\t-\t-\n",
    ],
)
def test_what_is_no_manifest_is_refused(text):
    """A manifest with another head or a line that contradicts itself is not believed."""
    with pytest.raises(ValueError, match=r"manifest|columns|hexadecimal|unpack"):
        lists.read_manifest(text)
