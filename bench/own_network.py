"""A bench in a network of its own: nothing else on this machine can meet or slow its connections.

    unshare --net python -m bench.own_network MODULE SCALE

Source: network_namespaces(7), unshare(1). Where that is not allowed the bench runs on the loopback
that all share, and a row says so.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict

from bench.measure import ROOT, python_child
from bench.rows import Row, Sense


def rows_of(module: str, scale: str) -> Iterator[Row]:
    """Give the rows of a module's `measured(scale)`, as they come, from a network of its own."""
    alone = ["unshare", "--net"]
    if os.geteuid():
        alone = ["unshare", "--user", "--map-root-user", "--net"]
    if _is_refused(alone):
        yield Row("a network of its own", None, "")
        yield from importlib.import_module(module).measured(scale)
        return
    command = [*alone, *python_child("bench.own_network", module, scale)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            told = json.loads(line)
            yield Row(**{**told, "sense": Sense(told["sense"])})
    if child.returncode:
        raise RuntimeError(f"{module} failed in a network of its own: its message is above")


def _is_refused(alone: list[str]) -> bool:
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return True
    return subprocess.run([*alone, "ip", "link", "set", "lo", "up"], check=False).returncode != 0


def _main(module: str, scale: str) -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for row in importlib.import_module(module).measured(scale):
        print(json.dumps(asdict(row)), flush=True)


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2])
