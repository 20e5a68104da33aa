"""An archive that is mounted read-only but for some folders, as a unit of systemd mounts it.

    python -m tests.cli.read_only

The mounts are those of a mount namespace of its own: nobody else sees them, and they end with the
last process in it.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.cli.phono import Done

_HOME = Path(__file__).parents[2]
_MOUNT = """
root=$1; folders=$2; shift 2
mount --bind "$root" "$root"
for folder in $folders; do mount --bind "$root/$folder" "$root/$folder"; done
mount -o remount,bind,ro "$root"
! mkdir "$root/written" 2>&-
exec "$@"
"""


def wall(root: Path, *folders: str) -> list[str]:
    """The beginning of a command that finds `root` read-only, but for `folders` in it."""
    own = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-e", "-c", _MOUNT]
    return [*own, "sh", str(root), " ".join(folders)]


def why_not(folder: Path) -> str:
    """Why no file system can be mounted read-only here; "" when it can."""
    if shutil.which("unshare") is None:
        return "unshare is not installed"
    done = subprocess.run([*wall(folder), "true"], capture_output=True, text=True)
    return "" if done.returncode == 0 else f"mounting is not permitted: {done.stderr}"


def unit_folders(page: str) -> list[str]:
    """The folders of the archive that the unit on a page of `docs/how-to` lets be written."""
    text = (_HOME / "docs/how-to" / page).read_text(encoding="utf-8")
    (paths,) = re.findall("^ReadWritePaths=(.*)$", text, re.MULTILINE)
    return [path.removeprefix("/srv/archive/") for path in paths.split()]


def call_behind(root: Path, folders: list[str], *commands: tuple[str | Path, ...]) -> list[Done]:
    """Run commands on an archive, one after another, in one process behind the wall."""
    asked = json.dumps([["--archive", str(root), *map(str, command)] for command in commands])
    command = [*wall(root, *folders), sys.executable, "-m", "tests.cli.read_only"]
    done = subprocess.run(
        command, input=asked, stdout=subprocess.PIPE, text=True, check=True, cwd=_HOME
    )
    return [Done(*one) for one in json.loads(done.stdout)]


def main() -> None:
    """Run the commands that standard input names; write how each ended."""
    from tests.cli.phono import call

    ended = [call(*command) for command in json.load(sys.stdin)]
    print(json.dumps([(one.status, one.out, one.err) for one in ended]))


if __name__ == "__main__":
    main()
