"""Chromium for those who draw pages and those who time them, found and started in one way.

What is drawn of a page for the docs is one picture: light beside dark, each at half size.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from playwright.sync_api import Browser

IMAGES = Path(__file__).parents[1] / "docs" / "images"
MODES: Final[tuple[Literal["light"], Literal["dark"]]] = "light", "dark"
SHRUNK = 2
"""Pictures are half as large as the window, so that light and dark stand side by side."""

_ARGUMENTS = "--no-sandbox", "--disable-background-networking"


def chromium_path() -> str | None:
    """Return where the browser is installed; None where it is not."""
    return shutil.which("chromium") or shutil.which("google-chrome")


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """Start the browser, with more arguments than ours; it ends with the block."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=chromium_path(), args=[*_ARGUMENTS, *arguments]
        )
        try:
            yield browser
        finally:
            browser.close()


def write_beside(light: bytes, dark: bytes, name: str) -> None:
    """Put both modes of a page, as PNG, side by side into `docs/images`."""
    from PIL import Image

    pair = [Image.open(io.BytesIO(one)).convert("RGB") for one in (light, dark)]
    small = [
        one.resize((one.width // SHRUNK, one.height // SHRUNK), Image.Resampling.LANCZOS)
        for one in pair
    ]
    both = Image.new("RGB", (small[0].width * 2 + 8, small[0].height), "#888888")
    both.paste(small[0], (0, 0))
    both.paste(small[1], (small[0].width + 8, 0))
    both.save(IMAGES / f"{name}.webp", quality=70, method=6)
