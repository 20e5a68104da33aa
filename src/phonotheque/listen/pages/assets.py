"""The files that pages load: style, scripts, typefaces; named by what is in them.

Laws: the same files have the same address and other files another one, so that a browser may keep
them for ever; nothing is loaded from anywhere else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import resources
from types import MappingProxyType

from phonotheque.listen.pages.words import Words, languages
from phonotheque.look import house_icon, house_style, typeface_files, typeface_style

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
    "txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Assets:
    """All files, by their names below `root`.

    Attributes:
        root: Path of their folder, with a slash at its end; it changes with any of them.
    """

    root: str
    files: Mapping[str, bytes]

    def media_type(self, name: str) -> str:
        """What a file is."""
        return _TYPES[name.rpartition(".")[2]]


@cache
def house_assets() -> Assets:
    """Return the files of the pages."""
    folder = resources.files(__name__.rpartition(".")[0]) / "assets"
    own = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    parts = [own.pop(name).decode() for name in ("listen.css", "items.css")]
    style = [house_style(), *parts, typeface_style("fonts/")]
    files = {
        **own,
        "site.css": "\n".join(style).encode(),
        "icon.svg": house_icon(),
        **{f"fonts/{name}": data for name, data in typeface_files().items()},
        **{f"words.{code}.js": _words_script(words) for code, words in languages().items()},
    }
    whole = sha256()
    for name in sorted(files):
        whole.update(f"{name} {sha256(files[name]).hexdigest()}\n".encode())
    return Assets(f"/assets/{whole.hexdigest()[:16]}/", MappingProxyType(files))


def _words_script(words: Words) -> bytes:
    """The table of a language as a module; English needs none, its sentences are their own keys."""
    table = {key: value for key, value in words.table.items() if key != value}
    return f"export default {json.dumps(table, ensure_ascii=False)};\n".encode()
