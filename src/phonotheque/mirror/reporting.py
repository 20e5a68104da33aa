"""Making a statement of what a mirror holds, with an answer to each range that is drawn.

Only reads, so it can be made while the mirror fetches and shares. Order: the mirror's key is
durable before anything is signed with it.

Laws: what the journal does not say is held is not claimed; where bytes cannot be read nothing is
answered, never guessed; bytes that changed unseen are answered as they are, and found out at the
archive: `phono mirror verify` finds them here first.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from phonotheque.disk import Disk, LocalDisk, make_folders, read_if_held, write_whole
from phonotheque.errors import NotHeldError, PhonothequeError, UnavailableError
from phonotheque.mirror.contents import Contents, read_contents
from phonotheque.mirror.exclusions import Exclusion, load_exclusions
from phonotheque.mirror.home import PUBLISHED, Copy, Mirror, now
from phonotheque.mirror.known import known
from phonotheque.mirror.possession import Drawn, answer, draw, seed_of
from phonotheque.mirror.statement import FORMAT, Claim, Header, NotHeldHere, Statement
from phonotheque.mirror.values import Holding
from phonotheque.publish.index.lines import TorrentLine
from phonotheque.publish.sealed import torrent_path
from phonotheque.publish.trust.keys import Key, decode_key, encode_key, new_key
from phonotheque.store.lock import hold_folder

KEY = "key.pem"
_SECRET = 0o600
_TIMESTAMP = f"{PUBLISHED}/metadata/timestamp.json"


@dataclass(frozen=True, slots=True)
class Report:
    """A statement, and what is worth telling of it to who keeps the mirror."""

    statement: Statement
    notices: tuple[str, ...]


def key_of(root: Path) -> Key:
    """Return the key by which a mirror is known; it is made when there is none.

    Raises:
        ArchiveBusyError: Another process is making it.
        MalformedError: The file is no key.
        UnavailableError: The disk refused.
    """
    safe = LocalDisk(root, mode=_SECRET)
    data = read_if_held(safe, KEY)
    if data is None:
        make_folders(safe, "state")
        with hold_folder(root / "state", "another first report"):
            data = read_if_held(safe, KEY)
            if data is None:
                data = encode_key(new_key())
                write_whole(safe, KEY, data)
    return decode_key(data, KEY)


def report(mirror: Mirror, copy: Copy, key: Key) -> Report:
    """Say what a mirror holds of an archive, and answer what its newest timestamp asks.

    Args:
        mirror: Open to read or to write.
        copy: Of the archive.
        key: By which the mirror is known.

    Raises:
        NotHeldError: Nothing was followed yet, or not by what is signed anew and again.
        MalformedError: What was followed is damaged.

    Cost: 32 reads of 16 KiB for each torrent that is held.
    """
    followed = known(copy)
    timestamp = read_if_held(copy.disk, _TIMESTAMP)
    if timestamp is None:
        wrong = "nothing is here that it signed anew and again, so nothing can be drawn"
        raise NotHeldError(copy.name, wrong, "Run `phono mirror follow`.")
    lines = {line.id: line for line in followed.lines}
    claims, notices = [], []
    for name, holding in sorted(copy.memory().holdings.items()):
        line = lines.get(name)
        if line is None or line.obsolete:
            continue  # nobody counts copies of what is not offered any more
        contents, notice = _contents(copy, line)
        claims.append(_claim(copy, holding, contents, seed_of(timestamp, key.public_bytes, name)))
        notices += [notice] if notice else []
    settings = mirror.settings
    header = Header(
        FORMAT,
        followed.header.archive,
        settings.id,
        key.public_bytes.hex(),
        now(),
        timestamp.decode(),
        followed.header.seq,
        len(claims),
        settings.operator,
        settings.country,
        settings.medium,
        settings.space_bytes,
        tuple(map(_excluded, (x for x in load_exclusions(mirror.disk) if x.is_of(copy.name)))),
    )
    if not settings.operator:
        notices.append(
            "Who keeps this mirror is not said: copies count by operators. Say it: operator "
            "in mirror.toml."
        )
    return Report(Statement(header, tuple(claims)), tuple(notices))


def _contents(copy: Copy, line: TorrentLine) -> tuple[Contents | None, str]:
    """What is in a torrent, as far as it is known here; and why it is not."""
    try:
        data = read_if_held(copy.disk, torrent_path(line.id))
        if data is None:
            return None, f"{line.id}: its torrent is not here. Run `phono mirror sync`."
        return read_contents(line, data), ""
    except PhonothequeError as error:
        return None, str(error)


def _claim(copy: Copy, holding: Holding, contents: Contents | None, seed: bytes) -> Claim:
    answers: tuple[str, ...] = ()
    if contents is not None:
        drawn = enumerate(draw(seed, contents.parts))
        answers = tuple(_answer(copy, seed, number, one) for number, one in drawn)
    return Claim(
        holding.torrent, holding.standing, holding.held_bytes, holding.verified_at, answers
    )


def _answer(copy: Copy, seed: bytes, number: int, drawn: Drawn) -> str:
    data = read_drawn(copy.disk, drawn)
    return answer(seed, number, data) if data is not None else ""


def read_drawn(disk: Disk, drawn: Drawn) -> bytes | None:
    """Return the bytes of a range; None where they are not all there, or the disk refuses.

    Args:
        disk: The folder of an archive, or of its copy.
        drawn: The range.
    """
    try:
        with disk.open(drawn.part.target) as file:
            file.seek(drawn.offset)
            data = bytearray()
            while more := file.read(drawn.size_bytes - len(data)):
                data += more
    except (NotHeldError, UnavailableError, OSError):
        return None
    return bytes(data) if len(data) == drawn.size_bytes else None


def _excluded(one: Exclusion) -> NotHeldHere:
    return NotHeldHere(one.torrent, one.sha256, one.recording, one.reason)
