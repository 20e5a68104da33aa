"""Small dumps of Discogs, written element by element, in today's form and in earlier ones."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def element(tag: str, content: object = "", /, **attributes: object) -> str:
    """An element: a text is escaped, a list is what stands in it."""
    given = "".join(f" {name}={quoteattr(str(value))}" for name, value in attributes.items())
    inner = "".join(content) if isinstance(content, list) else escape(str(content))
    return f"<{tag}{given}>{inner}</{tag}>"


def artist(name: str, number: object = None, **more: object) -> str:
    """An artist within a credit; `role` and the like are further parts."""
    parts = {} if number is None else {"id": number}
    parts |= {"name": name} | more
    return element("artist", [element(tag, value) for tag, value in parts.items()])


def track(position: object, title: str, duration: str = "", *inner: str) -> str:
    return element(
        "track",
        [
            element("position", position),
            element("title", title),
            element("duration", duration),
            *inner,
        ],
    )


def parts(*tracks: str) -> str:
    return element("sub_tracks", list(tracks))


def media(name: str, quantity: object = 1, *descriptions: str) -> str:
    told = element("descriptions", [element("description", one) for one in descriptions])
    return element("format", [told], name=name, qty=quantity, text="")


def label(name: str, catno: str, number: object = None) -> str:
    numbered = {} if number is None else {"id": number}
    return element("label", **{"name": name, "catno": catno} | numbered)


def identifier(kind: str, value: str, description: str = "") -> str:
    return element("identifier", type=kind, value=value, description=description)


def release(number: object, title: str, **parts_of: object) -> str:
    """A release; texts by tag, lists for parts that hold others."""
    attributes = {} if number is None else {"id": number}
    inner = [element("title", title)]
    inner += [element(tag, value) for tag, value in parts_of.items()]
    return element("release", inner, **attributes, status="Accepted")


def master(number: object, title: str, **parts_of: object) -> str:
    inner = [element("main_release", 1)]
    inner += [element(tag, value) for tag, value in ({"title": title} | parts_of).items()]
    return element("master", inner, id=number)


def named(tag: str, number: object, name: str, **parts_of: object) -> str:
    """An artist or a label of its own."""
    told = {"id": number, "name": name} | parts_of
    return element(tag, [element(one, value) for one, value in told.items() if value is not None])


def dump(kind: str, elements: Iterable[str | bytes]) -> bytes:
    """A dump as it is published: a line for each element."""
    lines = (one if isinstance(one, bytes) else one.encode() for one in elements)
    return HEAD + b"\n".join([f"<{kind}s>".encode(), *lines, f"</{kind}s>".encode()]) + b"\n"


def write_dumps(
    folder: Path, dumps: Mapping[str, Sequence[str | bytes]], *, is_packed: bool = False
) -> Path:
    """Write dumps by kind into a folder, under the names that Discogs gives."""
    for kind, elements in dumps.items():
        data = dump(kind, elements)
        name = f"discogs_20240101_{kind}s.xml"
        if is_packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(data, 1))
        else:
            (folder / name).write_bytes(data)
    return folder
