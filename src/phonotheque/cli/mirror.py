"""`phono mirror init|plan|follow|exclude`: giving a disk to archives, and seeing what is on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from phonotheque.cli import mirror_report, mirror_restore, mirror_sync
from phonotheque.cli import mirror_telling as telling
from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.mirror_options import MirrorDir, mirror_of
from phonotheque.cli.options import Json, parse_size
from phonotheque.cli.output import print_json, printable, tell

if TYPE_CHECKING:
    from phonotheque.mirror.joining import Joined
    from phonotheque.mirror.sources import Origin
    from phonotheque.mirror.values import Filter, MirrorSettings

Licence = Annotated[
    str,
    typer.Option(
        metavar="FILTER", help="What you want to be free to do: any, commercial, change, open."
    ),
]
Space = Annotated[
    str, typer.Option(metavar="SIZE", help="Room to give: 500GB, 1.5TB, or everything.")
]
Tier = Annotated[
    list[str] | None,
    typer.Option(metavar="TIER", help="Only this tier: t50, t90, t99, t996, rest; repeatable."),
]
Order = Annotated[
    str, typer.Option(metavar="ORDER", help="What comes first: at-risk, heard or newest.")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module, and of those that add to the same group."""
    group = typer.Typer(
        help="Give a disk to archives: follow, choose, fetch, check, give back.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )

    @group.callback()
    def mirror() -> None:
        """Give a disk to archives: follow, choose, fetch, check, give back."""

    group.command("init")(init)
    group.command("plan")(plan)
    group.command("follow")(follow)
    group.command("exclude")(exclude)
    mirror_sync.register(group)
    mirror_restore.register(group)
    mirror_report.register(group)
    app.add_typer(group, name="mirror")


def init(
    address: Annotated[
        str,
        typer.Argument(
            metavar="PLACE", help="URL or folder: an archive, a disk with it, another mirror."
        ),
    ],
    space: Space = "",
    mirror: MirrorDir = None,
    licence: Licence = "any",
    collection: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only what has something from it; repeatable."),
    ] = None,
    tier: Tier = None,
    order: Order = "at-risk",
    fingerprint: Annotated[
        str,
        typer.Option(metavar="SHA256", help="Of its 1.root.json, as its `phono keys show` tells."),
    ] = "",
    minisign: Annotated[
        str,
        typer.Option(metavar="KEY|FILE", help="Its key for people, for when it is lost."),
    ] = "",
    operator: Annotated[
        str, typer.Option(metavar="NAME", help="Who keeps this mirror: copies count by operators.")
    ] = "",
    country: Annotated[str, typer.Option(metavar="CC", help="Where it stands: two letters.")] = "",
    medium: Annotated[
        str, typer.Option(metavar="MEDIUM", help="online, offline-disk or tape.")
    ] = "",
    as_json: Json = False,
) -> int:
    """Make this folder a mirror of an archive, or let a mirror follow one more.

    Nothing is fetched yet but what the archive signed: `phono mirror plan` shows what would be.

    Example: phono mirror init https://archive.example/ --space 1TB
    """
    from phonotheque.mirror.joining import addresses_in, join
    from phonotheque.publish.trust.following import now

    root = (mirror or Path.cwd()).resolve()
    changes = {"operator": operator, "country": _country(country), "medium": _medium(medium)}
    settings = _settings(root, space, {name: text for name, text in changes.items() if text})
    wanted = _filter(licence, collection, tier, order)
    for place in addresses_in(address):
        joined = join(root, settings, _origin(place, fingerprint, minisign), wanted, now())
        settings = _settings(root, "", {})
        tell(joined.notices)
        _say_joined(root, joined, as_json=as_json)
    if not as_json:
        print(f"What would be fetched, and why: {_command(mirror, 'plan')}")
        print(f"Fetch it, and share it: {_command(mirror, 'sync')}")
    return DONE


def plan(
    mirror: MirrorDir = None,
    space: Space = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Also show what is not to be here, and why.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Show what this mirror is to hold, and for each torrent why. Changes nothing; asks nobody.

    Exit status 1 when more is held than there is room for.

    Example: phono mirror plan --all
    """
    import msgspec

    from phonotheque.mirror.deciding import decide
    from phonotheque.mirror.home import open_mirror_to_read
    from phonotheque.mirror.known import known

    with open_mirror_to_read(mirror_of(mirror)) as opened:
        settings = opened.settings
        if space:
            settings = msgspec.structs.replace(settings, space_bytes=_space_bytes(space))
        choices = decide(opened, [known(copy) for copy in opened.copies], settings)
    shown = [one for one in choices if everything or one.wanted or one.is_held]
    if as_json:
        for one in shown:
            print_json(telling.choice_record(one))
    else:
        telling.say_plan(settings, choices, shown)
    return FOUND if telling.held_bytes(choices) > settings.space_bytes else DONE


def follow(
    mirror: MirrorDir = None,
    source: Annotated[
        str, typer.Option(metavar="URL|DIR", help="Follow from here, too, from now on.")
    ] = "",
    archive: Annotated[
        str, typer.Option(metavar="NAME", help="Which archive; needed when there are several.")
    ] = "",
    accept_removals: Annotated[
        bool, typer.Option("--accept-removals", help="Yes, more than half of it is to go.")
    ] = False,
    successor: Annotated[
        str,
        typer.Option(metavar="SHA256", help="Yes, who signs with this root goes on with it."),
    ] = "",
    as_json: Json = False,
) -> int:
    """Learn what is new, prove it, and carry out what was removed. Fetches nothing else.

    Exit status 5 when an archive cannot be believed, 6 when it cannot be had; others are followed.

    Example: phono mirror follow --source /media/stick/archive
    """
    from phonotheque.cli.exit_status import exit_status
    from phonotheque.mirror.deciding import carry_out, decide
    from phonotheque.mirror.home import open_mirror
    from phonotheque.mirror.joining import add_source
    from phonotheque.mirror.refreshing import refresh
    from phonotheque.mirror.succession import accept_successor
    from phonotheque.publish.trust.following import now

    with open_mirror(mirror_of(mirror)) as opened:
        if successor:
            tell(accept_successor(opened.copy(archive), successor, source, now()))
        elif source:
            tell(add_source(opened.copy(archive), source, now()))
        news = refresh(opened, now(), is_confirmed=accept_removals)
        if accept_removals:
            choices = decide(opened, news.followed)
            tell(carry_out(opened, news.followed, choices, is_confirmed=True))
    tell([*news.notices, *map(str, news.refusals)])
    for known in news.followed:
        if as_json:
            print_json(telling.followed_record(known))
        else:
            print(printable(telling.followed_sentence(known)))
    return exit_status(news.refusals[0]) if news.refusals else DONE


def exclude(
    thing: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="A torrent, an object's SHA-256, or a recording's gid."),
    ] = None,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why; it stands in this mirror's report.")
    ] = "",
    archive: Annotated[
        str, typer.Option(metavar="NAME", help="Of this archive only; default: of all.")
    ] = "",
    lift: Annotated[bool, typer.Option("--lift", help="Exclude it no more.")] = False,
    mirror: MirrorDir = None,
    as_json: Json = False,
) -> int:
    """Never hold something on this disk: what is there goes, and is not fetched again.

    Without an ID, shows what is excluded.

    Example: phono mirror exclude 3f9ac1… --reason "Forbidden here by a court"
    """
    from phonotheque.mirror.excluding import exclude as do_exclude
    from phonotheque.mirror.excluding import lift as do_lift
    from phonotheque.mirror.exclusions import load_exclusions
    from phonotheque.mirror.home import open_mirror

    with open_mirror(mirror_of(mirror)) as opened:
        if thing and lift:
            do_lift(opened, thing)
            tell([f"{thing}: excluded no more. It is fetched again when it is needed."])
        elif thing:
            tell(do_exclude(opened, thing, reason, archive))
        exclusions = load_exclusions(opened.disk)
    if not (exclusions or as_json):
        print("Nothing is excluded.")
    for one in exclusions:
        if as_json:
            print_json(telling.exclusion_record(one))
        else:
            print(printable(telling.exclusion_sentence(one)))
    return DONE


def _settings(root: Path, space: str, changes: dict[str, str]) -> MirrorSettings:
    """The settings of the mirror there, or of a new one, with what was said on the command line."""
    from phonotheque.disk import LocalDisk, read_if_held
    from phonotheque.errors import BadRequestError
    from phonotheque.mirror.settings import FILE_NAME, changed, new_settings, parse_settings

    data = read_if_held(LocalDisk(root), FILE_NAME)
    if data is None and not space:
        todo = "Add --space 500GB, or --space everything."
        raise BadRequestError("--space", "it is not said how much room there is", todo)
    before = parse_settings(data) if data is not None else new_settings(_space_bytes(space))
    more: dict[str, Any] = {**changes, "space_bytes": _space_bytes(space)} if space else {**changes}
    return changed(before, more)


def _country(text: str) -> str:
    from phonotheque.errors import BadRequestError

    if text and not (len(text) == 2 and text.isascii() and text.isalpha()):
        todo = "Write the two letters of ISO 3166-1, as --country DE."
        raise BadRequestError(text, "it is no country", todo)
    return text.upper()


def _medium(text: str) -> str:
    from phonotheque.errors import BadRequestError
    from phonotheque.mirror.values import Medium

    if text and text not in list(Medium):
        raise BadRequestError(text, "it is no medium", f"Write one of {', '.join(Medium)}.")
    return text


def _space_bytes(text: str) -> int:
    return 1 << 60 if text == "everything" else parse_size(text)


def _filter(
    licence: str, collections: list[str] | None, tiers: list[str] | None, order: str
) -> Filter:
    from phonotheque.mirror.settings import parse_filter

    return parse_filter(
        {
            "licence": licence,
            "order": order,
            "collections": collections or [],
            "tiers": [tier.removeprefix("t") for tier in tiers or []],
        }
    )


def _origin(address: str, fingerprint: str, minisign: str) -> Origin:
    from phonotheque.mirror.by_signature import parse_key
    from phonotheque.mirror.sources import Origin

    text = minisign
    if minisign and Path(minisign).is_file():
        text = Path(minisign).read_text(encoding="utf-8", errors="replace")
    if text:
        parse_key(text)
        text = text.strip().splitlines()[-1]
    return Origin((address,), fingerprint=fingerprint.lower(), minisign=text)


def _say_joined(root: Path, joined: Joined, *, as_json: bool) -> None:
    if as_json:
        print_json(telling.joined_record(root, joined))
        return
    print(printable(telling.followed_sentence(joined.followed)))
    if joined.fingerprint and joined.is_new:
        print(f"Trusted from now on is who signed the root {joined.fingerprint}.")
        print("Compare it with what the archive's people tell: their `phono keys show` prints it.")


def _command(mirror: Path | None, verb: str) -> str:
    return f"phono mirror {verb}" + (f" --mirror {mirror}" if mirror else "")
