"""Those who ask, in a process of their own: ranges, listeners, mixed requests.

`python -m bench.listen_load PORT TASK` reads from standard input, as JSON, what to ask, and prints
what it found. A time counts from the moment at which a request was due, so that a door that stands
still pays for all who wait.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any

RANGE_BYTES = 1 << 20


@dataclass
class Asker:
    """One connection that is kept."""

    port: int
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None
    received: int = 0
    wrong: dict[str, int] = field(default_factory=dict)

    async def ask(self, path: str, begin: int | None = None) -> int:
        """Ask for a path, or a range of it; return the status."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(
                "127.0.0.1", self.port, limit=4 << 20
            )
        assert self.reader is not None
        span = "" if begin is None else f"Range: bytes={begin}-{begin + RANGE_BYTES - 1}\r\n"
        head = f"GET {path} HTTP/1.1\r\nHost: bench\r\nAccept: text/html\r\n{span}\r\n"
        self.writer.write(head.encode())
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(lines[0].split()[1])
        fields = {one.partition(":")[0].lower(): one.partition(":")[2].strip() for one in lines}
        size = int(fields.get("content-length", "0"))
        self.received += len(await self.reader.readexactly(size))
        if fields.get("connection") == "close":
            self.writer = None
        if status >= 400:
            self.wrong[f"{status} {path}"] = self.wrong.get(f"{status} {path}", 0) + 1
        return status


async def ranges(port: int, wanted: dict[str, Any]) -> dict[str, Any]:
    """Ask for range after range of files on some connections."""
    askers = [Asker(port) for _ in range(wanted["connections"])]

    async def work(number: int) -> None:
        asker = askers[number]
        for turn in range(wanted["ranges"]):
            file = wanted["files"][(number + turn) % len(wanted["files"])]
            begin = turn * RANGE_BYTES % max(file["size"] - RANGE_BYTES, 1)
            await asker.ask(file["path"], begin - begin % RANGE_BYTES)

    begun = time.perf_counter()
    await asyncio.gather(*(work(number) for number in range(len(askers))))
    return _told(askers, time.perf_counter() - begun)


async def listeners(port: int, wanted: dict[str, Any]) -> dict[str, Any]:
    """Be many who each ask for a range now and then."""
    askers = [Asker(port) for _ in range(wanted["listeners"])]
    period_s, until_s = wanted["period_s"], wanted["seconds"]
    begun = time.perf_counter()

    async def listen(number: int) -> None:
        due, turn = number / len(askers) * period_s, 0
        while due < until_s:
            await asyncio.sleep(max(0.0, begun + due - time.perf_counter()))
            file = wanted["files"][number % len(wanted["files"])]
            begin = (number + turn) * RANGE_BYTES % (file["size"] - RANGE_BYTES)
            await askers[number].ask(file["path"], begin - begin % RANGE_BYTES)
            due, turn = due + period_s, turn + 1

    await asyncio.gather(*(listen(number) for number in range(len(askers))))
    return _told(askers, time.perf_counter() - begun)


async def mixed(port: int, wanted: dict[str, Any]) -> dict[str, Any]:
    """Ask for paths in turn at a steady rate, or as fast as they come where the rate is 0."""
    free: asyncio.Queue[Asker] = asyncio.Queue()
    askers = [Asker(port) for _ in range(wanted["connections"])]
    for asker in askers:
        free.put_nowait(asker)
    times: dict[str, list[float]] = {}
    begun = time.perf_counter()
    rate = wanted["per_s"]

    async def one(kind: str, path: str, due: float, asker: Asker) -> None:
        await asker.ask(path)
        times.setdefault(kind, []).append((time.perf_counter() - due) * 1000)
        free.put_nowait(asker)

    tasks = []
    for number, (kind, path) in enumerate(wanted["paths"]):
        due = begun + number / rate if rate else time.perf_counter()
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        asker = await free.get()
        tasks.append(
            asyncio.create_task(one(kind, path, due if rate else time.perf_counter(), asker))
        )
    await asyncio.gather(*tasks)
    return {**_told(askers, time.perf_counter() - begun), "times_ms": times}


def _told(askers: list[Asker], seconds: float) -> dict[str, Any]:
    wrong: dict[str, int] = {}
    for asker in askers:
        for what, count in asker.wrong.items():
            wrong[what] = wrong.get(what, 0) + count
    received = sum(asker.received for asker in askers)
    return {"bytes": received, "seconds": seconds, "wrong": wrong}


def main() -> None:
    """Do the task that is named, and print what came of it."""
    port, task = int(sys.argv[1]), sys.argv[2]
    work = {"ranges": ranges, "listeners": listeners, "mixed": mixed}[task]
    print(json.dumps(asyncio.run(work(port, json.load(sys.stdin)))))


if __name__ == "__main__":
    main()
