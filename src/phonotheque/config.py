"""`phonotheque.toml`: the settings of one archive, each optional, each documented here.

The reference page is generated from `SETTINGS`. Unknown settings are refused, so that a typing
mistake is not silently a default. Not here: reading the file (`phonotheque.archive`).
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from phonotheque.errors import BadSettingError, FormatTooNewError

FILE_NAME = "phonotheque.toml"
FORMAT = 1

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Setting:
    """One documented setting: its dotted name, type, default and meaning."""

    name: str
    type: type
    default: Any
    meaning: str


SETTINGS = (
    Setting("format", int, FORMAT, "Number of the archive's format. Written once by `phono init`."),
    Setting("name", str, "archive", "Short name, used in the names of volumes: a-z, 0-9 and -."),
    Setting("title", str, "", "The archive's name as people write it."),
    Setting("address", str, "", "Where the archive is published, or a contact: a URL or e-mail."),
    Setting(
        "rights.licence_tags_count",
        bool,
        False,
        "Whether a licence tag found in a file is enough to share it. By default it is a claim.",
    ),
    Setting(
        "volumes.max_objects",
        int,
        8192,
        "Most recordings in one volume, 1 to 8192.",
    ),
    Setting(
        "volumes.max_bytes",
        int,
        32 << 30,
        "Most bytes in one volume, 1 GiB to 32 GiB; a larger object is a volume of its own.",
    ),
    Setting(
        "publish.order",
        str,
        "popularity",
        "What is shared first: `popularity`, `at-risk` (fewest holders) or `newest`.",
    ),
    Setting(
        "publish.tiers",
        list,
        [],
        "Only recordings in these tiers are shared: t50, t90, t99, t996, rest. By default all are.",
    ),
    Setting(
        "publish.space_bytes",
        int,
        0,
        "What is shared must fit into so many bytes; 0 is no limit.",
    ),
    Setting(
        "publish.access_copies",
        list,
        [],
        "Recordings in these tiers, say `rest`, are shared as access copies (Opus) instead of as "
        "they were received; the originals are kept.",
    ),
    Setting(
        "catalogue.licence",
        str,
        "",
        "Licence of what this archive says of its holdings, such as CC0-1.0; it goes into dumps. "
        "By default it is unknown. The recordings have their own (`rights.toml`).",
    ),
    Setting("seed.trackers", list, [], "Tracker URLs, written into torrents and magnets."),
    Setting("seed.web_seeds", list, [], "Web seed URLs, written into torrents and magnets."),
    Setting("seed.port", int, 6881, "Port the seeder listens on; 0 lets the system choose."),
    Setting("seed.dht", bool, True, "Whether the seeder takes part in the DHT."),
    Setting("seed.upload_bytes_per_s", int, 0, "Upload limit in bytes a second; 0 is no limit."),
    Setting(
        "trust.keys",
        list,
        [],
        "Files of signing keys, or folders of them, outside `keys/`: a stick that is there or not.",
    ),
    Setting(
        "trust.root_days",
        int,
        730,
        "For how many days it is believed who may sign; `phono keys renew` renews it.",
    ),
    Setting(
        "trust.index_days",
        int,
        365,
        "For how many days an index, and what is signed with it, is believed.",
    ),
    Setting(
        "trust.timestamp_days",
        int,
        30,
        "For how many days what is newest is believed; `phono publish refresh` renews it.",
    ),
    Setting(
        "verify.older_than_days",
        int,
        90,
        "`phono status` calls an object unproven when its last check is older than this.",
    ),
    Setting(
        "copies.max_bytes",
        int,
        16 << 30,
        "Most bytes of access copies and pictures kept in `state/copies/`; what was not used for "
        "longest goes first, and is made again when somebody asks for it.",
    ),
    Setting(
        "mirrors.target_copies",
        int,
        4,
        "How many copies, this archive's own with them, each volume should have.",
    ),
    Setting(
        "mirrors.fresh_days",
        int,
        90,
        "For how many days a copy counts that a mirror proved; then it must report again.",
    ),
    Setting(
        "mirrors.fresh_days_offline",
        int,
        400,
        "The same for copies on disks in a drawer and on tapes.",
    ),
    Setting(
        "mirrors.operator",
        str,
        "",
        "Who keeps this archive: its own copy counts as theirs. By default its title.",
    ),
    Setting("mirrors.country", str, "", "Where this archive's own disks stand: two letters."),
    Setting("mirrors.medium", str, "online", "What they are: `online`, `offline-disk` or `tape`."),
    Setting(
        "listen.trusted_proxies",
        list,
        ["127.0.0.1", "::1"],
        "Addresses or networks of proxies in front of `phono serve` that say who asks.",
    ),
    Setting(
        "listen.premises",
        list,
        [],
        "Addresses or networks of the archive's own rooms, where more may be heard.",
    ),
    Setting(
        "listen.country_header",
        str,
        "",
        "Header in which a trusted proxy says the listener's country, say `CF-IPCountry`. Without "
        "one, what is limited to countries is played to nobody.",
    ),
    Setting(
        "listen.proxy_files",
        str,
        "",
        "Where a proxy in front finds this archive's folder, say `/archive/`: it then sends sound "
        "itself (`X-Accel-Redirect`).",
    ),
    Setting(
        "listen.requests_per_s",
        int,
        20,
        "Pages and answers that one address may ask for in a second; ten times as many at once; 0 "
        "is no limit. Sound is not counted.",
    ),
    Setting(
        "listen.restricted_in_hour",
        int,
        40,
        "Recordings that may be heard and not kept: how many new ones an account opens at once; as "
        "many are earned again, one by one, in an hour. An address has ten times that.",
    ),
    Setting(
        "listen.restricted_in_day",
        int,
        300,
        "The same for a day.",
    ),
    Setting(
        "listen.restricted_in_month",
        int,
        2_000,
        "The same for 30 days.",
    ),
    Setting(
        "listen.log_days",
        int,
        14,
        "For how many days `phono serve` keeps its access log; 0 writes none.",
    ),
    Setting(
        "guard.shadow_days",
        int,
        30,
        "For how many days the guard of a new service only writes down what it would do.",
    ),
    Setting(
        "guard.most_accounts",
        int,
        1_000_000,
        "How many accounts `phono guard watch` remembers, at 2 KB of memory each; who comes new "
        "when there are so many is only counted by budgets.",
    ),
)
"""Every setting there is."""


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of an archive. `values` holds one value for each name in `SETTINGS`."""

    values: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    @property
    def name(self) -> str:
        """Short name of the archive."""
        return str(self.values["name"])


def parse_config(data: bytes) -> Config:
    """Read the text of `phonotheque.toml`.

    Raises:
        BadSettingError: It is not TOML, or a setting is unknown or has an unusable value.
        FormatTooNewError: The archive was written by a later Phonotheque.
    """
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadSettingError(FILE_NAME, f"it is not TOML: {error}", "Correct the file.") from error
    given = dict(_flat(table))
    if isinstance(given.get("format"), int) and given["format"] > FORMAT:
        raise FormatTooNewError(
            FILE_NAME,
            f"the archive has format {given['format']}, this program knows up to {FORMAT}",
            "Install a newer Phonotheque.",
        )
    known = {setting.name: setting for setting in SETTINGS}
    for name, value in given.items():
        _check(known, name, value)
    return Config({name: given.get(name, setting.default) for name, setting in known.items()})


def _flat(table: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            pairs += _flat(value, f"{prefix}{key}.")
        else:
            pairs.append((f"{prefix}{key}", value))
    return pairs


_RANGES = {
    "format": (1, FORMAT),
    "volumes.max_objects": (1, 8192),
    "volumes.max_bytes": (1 << 30, 32 << 30),
    "publish.space_bytes": (0, 1 << 60),
    "seed.port": (0, 65535),
    "seed.upload_bytes_per_s": (0, 1 << 40),
    "trust.root_days": (1, 36500),
    "trust.index_days": (1, 36500),
    "trust.timestamp_days": (1, 36500),
    "verify.older_than_days": (1, 36500),
    "copies.max_bytes": (0, 1 << 50),
    "mirrors.target_copies": (1, 1000),
    "mirrors.fresh_days": (1, 36500),
    "mirrors.fresh_days_offline": (1, 36500),
    "listen.requests_per_s": (0, 100_000),
    "listen.restricted_in_hour": (0, 1_000_000),
    "listen.restricted_in_day": (0, 1_000_000),
    "listen.restricted_in_month": (0, 1_000_000),
    "listen.log_days": (0, 3650),
    "guard.shadow_days": (0, 3650),
    "guard.most_accounts": (1, 100_000_000),
}


def _check(known: dict[str, Setting], name: str, value: object) -> None:
    setting = known.get(name)
    if setting is None:
        raise BadSettingError(
            f"{FILE_NAME}: {name}", "there is no such setting", "See docs/reference/settings.md."
        )
    if type(value) is not setting.type or (
        isinstance(value, list) and not all(isinstance(item, str) for item in value)
    ):
        wanted = (
            "a list of texts"
            if setting.type is list
            else f"a value of type {setting.type.__name__}"
        )
        raise BadSettingError(f"{FILE_NAME}: {name}", f"it is not {wanted}", setting.meaning)
    low, high = _RANGES.get(name, (None, None))
    if low is not None and high is not None and not low <= value <= high:  # type: ignore[operator]
        raise BadSettingError(
            f"{FILE_NAME}: {name}", f"{value} is not between {low} and {high}", setting.meaning
        )
    if name == "name" and not _SLUG.fullmatch(str(value)):
        raise BadSettingError(
            f"{FILE_NAME}: name", f"{value!r} is not a short name", "Use 1 to 32 of a-z, 0-9 and -."
        )


def format_config(title: str, name: str) -> str:
    """Write the text of a new `phonotheque.toml`: what was chosen, and all else as comments."""
    lines = [
        "# Settings of this archive. All are optional; what is commented out is the default.",
        f"format = {FORMAT}",
        f"name = {format_toml(name)}",
        f"title = {format_toml(title)}",
        "",
    ]
    section = ""
    for setting in SETTINGS[3:]:
        head, _, key = setting.name.rpartition(".")
        if head != section:
            section = head
            lines += ["", f"[{head}]"]
        lines += [f"# {setting.meaning}", f"# {key} = {format_toml(setting.default)}"]
    return "\n".join(lines) + "\n"


def format_toml(value: object) -> str:
    """A value as TOML; texts here are ours or one line from a command."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = "".join(
            f"\\u{ord(c):04x}" if ord(c) < 32 or ord(c) == 127 else c
            for c in value.replace("\\", "\\\\").replace('"', '\\"')
        )
        return f'"{escaped}"'
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(format_toml, value))}]"
    return str(value)


_LETTERS = {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th"}
"""Latin letters that are no letter with a mark."""


STAND_IN = "archive"
"""The short name where a title has no letter or digit that a short name may have."""


def short_name(title: str) -> str:
    """Make a short name of a title: "Café Noir Records" becomes "cafe-noir-records"."""
    plain = unicodedata.normalize("NFKD", title.casefold())
    letters = "".join(_LETTERS.get(c, c) for c in plain if not unicodedata.combining(c))
    words = re.findall(r"[a-z0-9]+", letters)
    return "-".join(words)[:32].strip("-") or STAND_IN
