"""What is no audio: texts that name other places, documents, pictures, programs, nothing at all.

A demuxer that follows a name in a file opens what the file's maker likes: a file of the archive, a
page inside the network. Each list here names both a path and an address, under many disguises.
"""

from __future__ import annotations

import io
import zipfile
import zlib

from tests.audio import zoo
from tests.zoo.animals import Animal, dead, kept
from tests.zoo.bricks import box, id3

NOWHERE = "http://127.0.0.1:9/song.mp3"
SOME_FILE = "/etc/hostname"
_NO_CONTAINER = "no audio container"


def lists(path: str, url: str) -> dict[str, bytes]:
    """Playlists and scripts by the ending of their kind, each naming a file and an address."""
    hls = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n"
    segments = "".join(f"#EXTINF:10,\n{place}\n" for place in (url, f"file://{path}", path))
    entry = "<track><location>{}</location></track>"
    tracks = entry.format(url) + entry.format(f"file://{path}")
    texts = {
        "ffconcat": f"ffconcat version 1.0\nfile '{path}'\nduration 1\nfile '{url}'\n",
        "ffmeta": f";FFMETADATA1\ntitle={path}\n",
        "m3u": f"#EXTM3U\n#EXTINF:123,Song\n{path}\n{url}\nfile://{path}\n",
        "m3u8": f"{hls}{segments}#EXT-X-ENDLIST\n",
        "pls": f"[playlist]\nFile1={path}\nFile2={url}\nNumberOfEntries=2\nVersion=2\n",
        "xspf": '<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/">'
        f"<trackList>{tracks}</trackList></playlist>",
        "asx": f'<asx version="3.0"><entry><ref href="{url}"/></entry></asx>',
        "ram": f"{url}\nfile://{path}\n",
        "smil": f'<smil><body><audio src="{url}"/><audio src="{path}"/></body></smil>',
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\n"
        "m=audio 9 RTP/AVP 0\n",
        "mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
        f"<BaseURL>{url}</BaseURL></MPD>",
        "cue": f'FILE "{path}" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n',
    }
    return {kind: text.encode() for kind, text in texts.items()}


def elsewhere(path: str, url: str) -> bytes:
    """An MP4 file whose sound is said to lie in another file. Source: ISO/IEC 14496-12, 8.7.2."""
    data = zoo.encode("aac", "ipod", "fltp")
    at = data.index(b"dref") - 4
    old_bytes = int.from_bytes(data[at : at + 4], "big")
    places = [
        box(b"url ", b"\0\0\0\0" + f"file://{path}".encode() + b"\0"),
        box(b"url ", b"\0\0\0\0" + url.encode() + b"\0"),
        box(b"alis", b"\0\0\0\0" + path.encode().ljust(150, b"\0")),
    ]
    new = box(b"dref", bytes(4) + len(places).to_bytes(4, "big") + b"".join(places))
    grown = bytearray(data[:at] + new + data[at + old_bytes :])
    for name in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):  # all that hold it grow alike
        head = grown.index(name) - 4
        size = int.from_bytes(grown[head : head + 4], "big") + len(new) - old_bytes
        grown[head : head + 4] = size.to_bytes(4, "big")
    return bytes(grown)


def disguised(path: str, url: str) -> tuple[Animal, ...]:
    """Every list under its own name and under those of audio, also behind a tag."""
    found = []
    for kind, text in lists(path, url).items():
        found.append(dead(f"list.{kind}", text, _NO_CONTAINER))
        found += [
            dead(f"{kind}.{ending}", text, _NO_CONTAINER) for ending in ("mp3", "ogg", "m4a", "wav")
        ]
        found.append(dead(f"{kind} behind a tag.mp3", id3(bytes(20)) + text))
        found.append(dead(f"{kind} behind a magic number.wav", b"RIFF\xff\xff\xff\xffWAVE" + text))
        found.append(dead(f"{kind} behind a box.m4a", box(b"ftyp", b"M4A \0\0\0\0") + text))
    found.append(kept("sound elsewhere.m4a", elsewhere(path, url)))
    return tuple(found)


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr(zipfile.ZipInfo("song.flac", (1980, 1, 1, 0, 0, 0)), b"fLaC" + bytes(100))
    return out.getvalue()


def animals() -> tuple[Animal, ...]:
    """All of this house."""
    heic = box(b"ftyp", b"heic\0\0\0\0mif1heic") + box(b"meta", bytes(40))
    documents = {
        "zip": _zip(),
        "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n",
        "png": zoo.PNG,
        "jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
        + bytes(200)
        + b"\xff\xd9",
        "gif": b"GIF89a\x01\0\x01\0\0\0\0;",
        "gzip": b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + zlib.compress(b"fLaC" * 99)[2:],
        "elf": b"\x7fELF\x02\x01\x01" + bytes(200),
        "html": b"<!doctype html><title>404</title><p>Not found</p>\n",
        "torrent": b"d8:announce14:http://x/a4:infod6:lengthi1eee",
        "sqlite": b"SQLite format 3\0" + bytes(84),
        "heic": heic,
    }
    papers = [dead(f"{kind}.flac", data) for kind, data in documents.items()]
    nothing = [
        dead("empty.flac", b""),
        dead("empty.mp3", b""),
        dead("one byte.ogg", b"O"),
        dead("zeros.wav", bytes(100_000), _NO_CONTAINER),
        dead("ones.mp3", b"\xff" * 100_000, _NO_CONTAINER),
        dead("text.mp3", b"This is a text and no music.\n" * 400, _NO_CONTAINER),
        dead("utf-16.mp3", "Kein Ton, nur Text.\n".encode("utf-16") * 400),
    ]
    return (*disguised(SOME_FILE, NOWHERE), *papers, *nothing)
