"""Asking a door that is measured, by programs of their own: what they read, and what it cost."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from typing import Any

from bench.listen_material import Running
from bench.measure import ROOT, python_child

Load = Callable[[str, dict[str, Any]], Any]
"""Takes a task of `bench.listen_load` and what it wants; returns what was found."""


def load_on(port: int) -> Load:
    """Return what asks a port from a process of its own."""

    def load(task: str, wanted: dict[str, Any]) -> Any:
        command = python_child("bench.listen_load", str(port), task)
        done = subprocess.run(
            command, cwd=ROOT, input=json.dumps(wanted), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        told = json.loads(done.stdout)
        if told["wrong"]:
            raise RuntimeError(f"the door refused: {told['wrong']}")
        return told

    return load


def files_of(running: Running, form: str = "") -> list[dict[str, Any]]:
    """Recordings of an archive as they are asked for, with their lengths."""
    from urllib.request import Request, urlopen

    told = running.json("/api/v1/songs?limit=50")
    found = []
    for hit in told["hits"]:
        path = f"/sound/{hit['gid']}{f'?form={form}' if form else ''}"
        head = Request(f"http://127.0.0.1:{running.port}{path}", method="HEAD")
        with urlopen(head, timeout=60) as reply:
            found.append({"path": path, "size": int(reply.headers["Content-Length"])})
    return found


def mb_per_cpu_s(measured: Sequence[Running], load: Load, wanted: dict[str, Any]) -> float:
    """Return how many MB (10^6 bytes) are sent for each CPU second of some servers."""
    before = sum(one.cpu_s() for one in measured)
    told = load("ranges", wanted)
    cost = sum(one.cpu_s() for one in measured) - before
    return float(told["bytes"]) / 1e6 / max(cost, 0.01)
