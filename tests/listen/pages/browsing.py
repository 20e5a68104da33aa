"""A browser at the door: the house's Chromium, with a mouse, an ear and axe.

Source: axe-core (the script that axe-playwright-python carries), rules of WCAG 2.2 AA.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from importlib import resources

import pytest
import uvicorn

from publish.pages.chromium import Chromium

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def served(app):
    """An application on loopback in a thread; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    socket = server.config.bind_socket()
    socket.listen()  # who comes before the thread does waits
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        socket.close()


def click(browser: Chromium, selector: str) -> None:
    """Press the mouse on an element, as a hand would."""
    spot = browser.run(
        f"(() => {{ const one = document.querySelector({json.dumps(selector)});"
        "one.scrollIntoView({block: 'center'}); const box = one.getBoundingClientRect();"
        "return [box.x + box.width / 2, box.y + box.height / 2]; })()"
    )
    press_at(browser, *spot)


def press_at(browser: Chromium, x: float, y: float) -> None:
    """Press and let go of the mouse."""
    for kind in ("mousePressed", "mouseReleased"):
        browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)


def axe_script() -> str:
    """The rules as a script."""
    pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


def findings(browser: Chromium, script: str) -> list[str]:
    """What axe finds on the page that is open: rule, weight and element of each."""
    browser.run(f"{script}; 0")
    options = json.dumps({"runOnly": RULES, "resultTypes": ["violations"]})
    return list(
        browser.run(
            f"axe.run(document, {options}).then((found) => found.violations.flatMap((rule) =>"
            "rule.nodes.map((node) => `${rule.impact} ${rule.id}: ${node.target}"
            " ${(node.any[0] || node.all[0] || node.none[0] || {}).message || ''}`)))"
        )
    )


def complaints(browser: Chromium) -> list[str]:
    """Exceptions of scripts, and refusals of the policy."""
    browser.run("1")
    told = []
    for event in browser.events:
        if event.get("method") == "Runtime.exceptionThrown":
            told.append(json.dumps(event["params"]["exceptionDetails"])[:300])
        if event.get("method") == "Log.entryAdded":
            entry = event["params"]["entry"]
            if entry["source"] != "network":
                told.append(entry["text"])
    return told
