"""Every way in which an archive can be broken is told as what it is, by name, and nothing worse.

The table: what is broken -> which command -> how it ends -> what it must name.
"""

import shutil

import pytest
from tests.cli.phono import Phono, tree
from tests.damaged import zoo
from tests.damaged.zoo import OPEN, SEALED_PATH, SEGMENT

STATE_ONLY = ("state", "register/torn", "keys", "journals")


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """The golden archive with its state/, to be copied and broken."""
    return zoo.whole(tmp_path_factory.mktemp("whole") / "archive").root


@pytest.fixture
def broken(whole, tmp_path):
    """A copy to break."""
    shutil.copytree(whole, tmp_path / "archive", symlinks=True)
    return Phono(tmp_path / "archive")


TABLE = [
    (zoo.flipped_object, "verify", 1, ["changed", SEALED_PATH]),
    (zoo.flipped_object, "export --all --to OUT", 1, [SEALED_PATH, "phono verify"]),
    (zoo.truncated_object, "verify", 1, ["truncated", SEALED_PATH, "400 of 948 bytes"]),
    (zoo.emptied_object, "verify", 1, ["truncated", SEALED_PATH, "0 of 948 bytes"]),
    (zoo.lengthened_object, "verify", 1, ["changed", SEALED_PATH, "949 bytes instead of 948"]),
    (zoo.missing_object, "verify", 1, ["missing", SEALED_PATH]),
    (zoo.missing_object, "rebuild", 1, ["missing", SEALED_PATH]),
    (zoo.missing_object, "export --all --to OUT", 1, [SEALED_PATH]),
    (zoo.linked_object, "verify", 1, [SEALED_PATH]),
    (zoo.foreign_file, "verify", 1, ["foreign", "objects/5f/.DS_Store"]),
    (zoo.foreign_bytes, "verify", 1, ["foreign", "objects/\ufffd.tmp"]),
    (zoo.unreferenced_object, "verify", 1, ["unreferenced", "objects/"]),
    (zoo.misplaced_object, "verify", 1, ["foreign", "objects/00/00/"]),
    (zoo.flipped_register_middle, "status", 4, [SEGMENT, "line 6", "at byte", "backup"]),
    (zoo.flipped_register_middle, "verify", 4, [SEGMENT, "line 6"]),
    (zoo.flipped_register_middle, "rebuild", 4, [SEGMENT, "line 6"]),
    (zoo.flipped_register_end, "status", 4, [SEGMENT, "line 19"]),
    (zoo.flipped_register_end, "verify", 4, [SEGMENT, "line 19"]),
    (zoo.cut_register, "status", 4, [SEGMENT, "missing"]),
    (zoo.swapped_lines, "status", 4, [SEGMENT, "line 7"]),
    (zoo.missing_segment, "status", 4, [SEGMENT, "missing"]),
    (zoo.missing_segment, "rebuild", 4, [SEGMENT, "missing"]),
    (zoo.no_register, "status", 4, [SEGMENT, "empty"]),
    (zoo.torn_tail, "status", 0, ["register/torn/000001-", "nothing in it was promised"]),
    (zoo.zeroed_tail, "status", 0, ["register/torn/000001-"]),
    (zoo.newer_settings, "status", 2, ["phonotheque.toml", "format 2", "newer Phonotheque"]),
    (zoo.newer_settings, "rebuild", 2, ["phonotheque.toml", "format 2"]),
    (zoo.newer_register, "status", 2, [SEGMENT, "format 2", "newer Phonotheque"]),
    (zoo.newer_register, "rebuild", 2, [SEGMENT, "format 2"]),
    (zoo.no_settings, "status", 2, ["phonotheque.toml", "phono init"]),
    (zoo.broken_settings, "status", 2, ["phonotheque.toml", "not TOML"]),
    (zoo.lost_state, "status", 0, ["Golden Records"]),
    (zoo.lost_state, "publish run", 6, ["state/index.sqlite", "phono rebuild"]),
    (zoo.lost_state, "rebuild", 0, ["lines of the register"]),
    (zoo.other_index, "status", 6, ["state/index.sqlite", "another version", "phono rebuild"]),
    (zoo.other_index, "rebuild", 0, ["lines of the register"]),
    (zoo.spoiled_index, "status", 6, ["state/index.sqlite", "phono rebuild"]),
    (zoo.spoiled_index, "rebuild", 0, ["lines of the register"]),
    (zoo.lost_manifest, "verify", 1, [f"objects/lists/{OPEN}/manifest.tsv", "missing"]),
    (zoo.lost_manifest, "rebuild", 1, [f"objects/lists/{OPEN}/manifest.tsv", "missing"]),
    (zoo.changed_manifest, "verify", 1, [f"objects/lists/{OPEN}/manifest.tsv", "changed"]),
    (zoo.changed_manifest, "rebuild", 1, [f"objects/lists/{OPEN}/manifest.tsv", "changed"]),
    (zoo.lost_lists, "status", 0, [f"objects/lists/{OPEN}/manifest.tsv", "phono rebuild"]),
    (zoo.lost_lists, "verify", 1, [f"objects/lists/{OPEN}/manifest.tsv", f"{OPEN}.torrent"]),
    (
        zoo.lost_lists,
        "publish run",
        4,
        [f"objects/lists/{OPEN}/manifest.tsv", "copy of the volume"],
    ),
    (zoo.lost_lists, "rebuild", 1, [f"objects/lists/{OPEN}/manifest.tsv", f"{OPEN}.torrent"]),
    (zoo.lost_torrent, "verify", 1, [f"published/{OPEN}.torrent", "missing"]),
    (zoo.lost_torrent, "rebuild", 1, [f"published/{OPEN}.torrent"]),
    (zoo.changed_torrent, "verify", 1, [f"published/{OPEN}.torrent", "changed"]),
    (zoo.changed_torrent, "rebuild", 1, [f"published/{OPEN}.torrent"]),
    (zoo.lost_link, "rebuild", 0, ["lines of the register"]),
    (zoo.spoiled_people, "status", 6, ["people.sqlite", "backup"]),
]


def run(broken, command, tmp_path):
    return broken(*command.replace("OUT", str(tmp_path / "out")).split())


def looked_at(root, breaks, command):
    """What a command that only looks must leave as it is: all but state/ and a torn end."""
    if command not in ("status", "rebuild") or breaks is zoo.lost_link:
        return None
    leaving = (*STATE_ONLY, SEGMENT) if "tail" in breaks.__name__ else STATE_ONLY
    if breaks is zoo.spoiled_people:
        leaving = (*leaving, "people.sqlite")  # which cannot be told by its rows
    return tree(root, *leaving)


@pytest.mark.parametrize(
    ("breaks", "command", "status", "words"), TABLE, ids=lambda x: getattr(x, "__name__", None)
)
def test_what_is_broken_is_named(broken, tmp_path, breaks, command, status, words):
    """The command ends with the status of whoever must act, and names what is wrong and where;
    nothing is repaired unasked: one that only looks changes no more than state/ and a torn end."""
    breaks(broken.root)
    before = looked_at(broken.root, breaks, command)
    done = run(broken, command, tmp_path).expect(status)
    said = done.out if status in (0, 1) else done.err
    for word in words:
        assert word in said
    assert "Traceback" not in done.err
    assert looked_at(broken.root, breaks, command) == before


def test_every_animal_is_shown():
    """Every way of breaking in the zoo stands in the table."""
    kinds = {
        f
        for f in vars(zoo).values()
        if getattr(f, "__annotations__", {}).keys() == {"root", "return"}
    }
    ways = {f for f in kinds if f.__module__ == zoo.__name__ and not f.__name__.startswith("_")}
    assert ways == {row[0] for row in TABLE}


@pytest.mark.parametrize("breaks", [zoo.torn_tail, zoo.zeroed_tail])
def test_after_a_torn_end_the_register_goes_on(broken, tmp_path, breaks):
    """The next line follows the last whole one, and the torn bytes are kept."""
    size_bytes = (broken.root / SEGMENT).stat().st_size
    breaks(broken.root)
    torn = (broken.root / SEGMENT).read_bytes()[size_bytes:]
    (tmp_path / "a.txt").write_text("a text")
    broken.add(tmp_path / "a.txt")
    (copy,) = (broken.root / "register/torn").iterdir()
    assert copy.read_bytes() == torn
    assert str(size_bytes) in copy.name
    assert [event["seq"] for event in broken.events()] == list(range(1, 22))
    broken("rebuild").expect(0)


def test_a_lost_link_is_set_again(broken):
    """`phono rebuild` sets the pointers of volumes that were recorded."""
    zoo.lost_link(broken.root)
    broken("rebuild").expect(0)
    assert (broken.root / "volumes" / OPEN).readlink().as_posix() == "../objects"
