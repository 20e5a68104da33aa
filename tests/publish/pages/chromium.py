"""A real browser, driven over a pipe: what a person would see and press.

Source: Chrome DevTools Protocol, over `--remote-debugging-pipe` (messages end in a zero byte).
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from time import monotonic
from typing import Any, Self

import pytest

from publish.loopback import Loopback, Silent

PATIENCE_S = 180.0


PROGRAMS = ("chromium-headless-shell", "chromium", "google-chrome")
"""The first that is there. The shell is the same engine without the windows and services around
it, which take more processor time than the pages do."""


def require_chromium() -> str:
    """The program, or a skip that says so."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        pytest.skip("chromium is not installed")
    return found


def _high(descriptor: int) -> int:
    """The same descriptor far from 3 and 4, which the browser's end is put on."""
    copy = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 50)
    os.close(descriptor)
    return copy


class Chromium:
    """One page of a browser without a window. Use it in a `with` statement."""

    def __init__(self) -> None:
        program = require_chromium()
        self._profile = tempfile.TemporaryDirectory(
            prefix="phonotheque-chromium-", ignore_cleanup_errors=True
        )
        theirs_in, self._out = (_high(one) for one in os.pipe())
        self._in, theirs_out = (_high(one) for one in os.pipe())
        arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            # One process for all pages, instead of one for each and another in reserve.
            "--disable-site-isolation-trials",
            "--disable-features=IsolateOrigins,site-per-process,SpareRendererForSitePerProcess",
            "--no-first-run",
            "--hide-scrollbars",
            "--remote-debugging-pipe",
            f"--user-data-dir={self._profile.name}",
            "about:blank",
        ]
        # The browser reads from descriptor 3 and writes to 4.
        shell = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
        self._process = subprocess.Popen(
            ["bash", "-c", shell, program, *arguments],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._buffer = b""
        self._number = 0
        self._session = ""
        self.events: list[dict[str, Any]] = []
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(one["targetId"] for one in targets if one["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=page, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._out)
        os.close(self._in)
        self._process.kill()
        self._process.wait()
        self._profile.cleanup()

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                return dict(answer["result"])
            self.events.append(answer)

    def _read(self) -> dict[str, Any]:
        deadline = monotonic() + PATIENCE_S
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], max(0.0, deadline - monotonic()))
            data = os.read(self._in, 1 << 20) if ready else b""
            assert data, "the browser says nothing"
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        return dict(json.loads(message))

    def wait_for(self, method: str) -> dict[str, Any]:
        """Return the next event of a kind."""
        while True:
            for at, event in enumerate(self.events):
                if event.get("method") == method:
                    return dict(self.events.pop(at)["params"])
            self.events.append(self._read())

    def open(self, address: str) -> None:
        """Load a page to its end."""
        self.events.clear()
        self.call("Page.navigate", url="about:blank")
        self.wait_for("Page.loadEventFired")
        self.call("Page.navigate", url=address)
        self.wait_for("Page.loadEventFired")

    def run(self, expression: str) -> Any:
        """Evaluate JavaScript, waiting for a promise, and return its value."""
        done = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def until(self, expression: str) -> None:
        """Wait until an expression is true."""
        self.run(
            "new Promise((done, fail) => { const end = Date.now() + 120000;"
            f"const look = () => ({expression}) ? done(true) : Date.now() > end"
            f" ? fail(new Error({json.dumps(expression)})) : setTimeout(look, 20);"
            "look(); })"
        )

    def look(self, *, width: int = 1280, height: int = 900, is_dark: bool = False) -> None:
        """Choose width and mode."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def scripts(self, *, are_on: bool) -> None:
        """Switch scripts of pages on or off."""
        self.call("Emulation.setScriptExecutionDisabled", value=not are_on)

    def press(self, key: str, *, text: str = "") -> None:
        """Press and let go of a key."""
        codes = {"Tab": 9, "Enter": 13, "ArrowDown": 40, " ": 32}
        parts = {"key": key, "windowsVirtualKeyCode": codes.get(key, ord(key[0].upper()))}
        typed = text or {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        self.call("Input.dispatchKeyEvent", type="keyDown", text=typed, **parts)
        self.call("Input.dispatchKeyEvent", type="keyUp", **parts)

    def picture(self, path: Path, *, is_whole: bool = True) -> None:
        """Write what is seen as a PNG."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=is_whole)
        path.write_bytes(base64.b64decode(shot["data"]))


class Served(Loopback):
    """A folder behind a web server on loopback; `asked` holds the path of each request."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Folder(Silent, SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                super().do_GET()

        super().__init__(partial(Folder, directory=str(folder)))

    def url(self, path: str = "") -> str:
        """The address of a file in the folder."""
        return self.address(path)
