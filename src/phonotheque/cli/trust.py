"""`phono keys`: who may sign what is published, and who did."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.options import Json, Wait, archive_of
from phonotheque.cli.output import print_json, print_table, printable, tell
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from phonotheque.archive.opening import Archive
    from phonotheque.archive.rekeying import Rekeyed
    from phonotheque.archive.signing.keyring import Keys

Elsewhere = Annotated[
    list[Path] | None,
    typer.Option(
        "--key",
        "--root-key",
        metavar="PATH",
        help="A key that does not lie in keys/, such as the root key on a stick; more than once.",
    ),
]
_To = Annotated[
    Path | None, typer.Option("--to", metavar="PATH", help="Where to put the new key; else keys/.")
]
_Role = Annotated[
    str,
    typer.Argument(metavar="ROLE", help="root, targets, snapshot or timestamp."),
]
_AnyRole = Annotated[
    str,
    typer.Argument(
        metavar="ROLE",
        help="root, targets, snapshot, timestamp, online (the key these three share) or minisign.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(
        help="Who may sign what is published.", no_args_is_help=True, rich_markup_mode=None
    )
    group.command("make")(make)
    group.command("show")(show)
    group.command("rotate")(rotate)
    group.command("split")(split)
    group.command("add")(add)
    group.command("drop")(drop)
    group.command("threshold")(threshold)
    group.command("renew")(renew)
    group.command("sign")(sign)
    app.add_typer(group, name="keys")


def make(
    context: typer.Context,
    root_key: Annotated[
        list[Path] | None,
        typer.Option(
            "--root-key",
            metavar="PATH",
            help="Where to put the root key, best on a stick; more than once for several.",
        ),
    ] = None,
    threshold: Annotated[
        int, typer.Option("--threshold", min=1, help="How many root keys must sign.")
    ] = 1,
    wait: Wait = False,
    as_json: Json = False,
) -> int:
    """Make the keys of an archive: of root, of the day-to-day roles, and one for minisign.

    Example: phono keys make --root-key /media/stick/root.pem
    """
    from phonotheque.archive import rekeying

    return _change(
        context, wait, as_json, lambda archive: rekeying.make(archive, root_key or [], threshold)
    )


def show(context: typer.Context, more: Elsewhere = None, as_json: Json = False) -> int:
    """Show who may sign, until when, and which keys are at hand.

    Example: phono keys show
    """
    from phonotheque.archive.opening import open_to_read
    from phonotheque.archive.signing import keyring

    with open_to_read(archive_of(context)) as archive:
        keys = keyring.open_keys(archive, more or [])
        keyring.require_keys(keys)
        record = _keys_record(keys)
    if as_json:
        print_json(record)
        return DONE
    rows = [("role", "key", "at hand", "must sign")]
    for role in record["roles"]:
        for number, key in enumerate(role["keys"]):
            told = f"{role['threshold']} of {len(role['keys'])}" if number == 0 else ""
            at_hand = "yes" if key["at_hand"] else "no"
            rows.append((role["role"] if number == 0 else "", key["id"][:8], at_hand, told))
    print_table(rows)
    print(f"Root {record['version']} is good until {record['expires'][:10]}.")
    print(f"For people (minisign): {record['minisign'] or 'no key'}")
    print(f"SHA-256 of 1.root.json, by which others know this archive: {record['fingerprint']}")
    if record["missing"]:
        wanted = counted(record["missing"], "more root key")
        print(f"A change waits for {wanted}: phono keys sign --key PATH")
    return DONE


def _keys_record(keys: Keys) -> dict[str, Any]:
    import hashlib

    from phonotheque.archive.signing.keyring import minisign_pub
    from phonotheque.publish.trust import roles
    from phonotheque.publish.trust.roots import load_pending

    people = minisign_pub(keys).decode().splitlines()
    waiting = load_pending(keys.disk, keys.roots)
    told = []
    for role in roles.ROLES:
        who = roles.role_keys(keys.root, role)
        ids = [{"id": keyid, "at_hand": keyid in keys.ring} for keyid in who.keyids]
        told.append({"role": role, "threshold": who.threshold, "keys": ids})
    return {
        "version": keys.root.version,
        "expires": keys.root.expires.isoformat(),
        "roles": told,
        "minisign": people[-1] if people else "",
        "fingerprint": hashlib.sha256(keys.roots[0].to_bytes()).hexdigest(),
        "missing": roles.missing_signatures(waiting, keys.root) if waiting else 0,
    }


def rotate(
    context: typer.Context,
    role: _AnyRole,
    old: Annotated[
        str, typer.Option("--old", metavar="KEY", help="Beginning of the old key's id.")
    ] = "",
    to: _To = None,
    more: Elsewhere = None,
    wait: Wait = False,
    as_json: Json = False,
) -> int:
    """Put a new key in the place of an old one, which may be lost or stolen.

    Example: phono keys rotate online --root-key /media/stick/root.pem
    """
    from phonotheque.archive import rekeying

    return _change(
        context, wait, as_json, lambda archive: rekeying.rotate(archive, role, old, more or [], to)
    )


def split(
    context: typer.Context,
    role: Annotated[
        str, typer.Argument(metavar="ROLE", help="targets, snapshot, timestamp, or online: all.")
    ] = "online",
    to: _To = None,
    more: Elsewhere = None,
    wait: Wait = False,
    as_json: Json = False,
) -> int:
    """Give a role that shares its key a key of its own, or each of them.

    Example: phono keys split targets --to /media/stick/targets.pem --root-key /media/stick/root.pem
    """
    from phonotheque.archive import rekeying

    return _change(
        context, wait, as_json, lambda archive: rekeying.split(archive, role, more or [], to)
    )


def add(
    context: typer.Context,
    role: _Role,
    to: _To = None,
    more: Elsewhere = None,
    wait: Wait = False,
    as_json: Json = False,
) -> int:
    """Make one more key that may sign for a role.

    Example: phono keys add root --to /media/second/root.pem --root-key /media/stick/root.pem
    """
    from phonotheque.archive import rekeying

    return _change(
        context, wait, as_json, lambda archive: rekeying.add(archive, role, more or [], to)
    )


def drop(
    context: typer.Context,
    role: _Role,
    key: Annotated[str, typer.Argument(metavar="KEY", help="Beginning of the key's id.")],
    more: Elsewhere = None,
    wait: Wait = False,
    as_json: Json = False,
) -> int:
    """Let a key no more sign for a role.

    Example: phono keys drop root 5e6f7a8b --root-key /media/stick/root.pem
    """
    from phonotheque.archive import rekeying

    return _change(
        context, wait, as_json, lambda archive: rekeying.drop(archive, role, key, more or [])
    )


def threshold(
    context: typer.Context,
    role: _Role,
    count: Annotated[int, typer.Argument(metavar="COUNT", min=1, help="How many keys must sign.")],
    more: Elsewhere = None,
    wait: Wait = False,
    as_json: Json = False,
) -> int:
    """Say how many keys of a role must sign.

    Example: phono keys threshold root 2 --root-key /media/stick/root.pem
    """
    from phonotheque.archive import rekeying

    return _change(
        context,
        wait,
        as_json,
        lambda archive: rekeying.set_threshold(archive, role, count, more or []),
    )


def renew(
    context: typer.Context, more: Elsewhere = None, wait: Wait = False, as_json: Json = False
) -> int:
    """Let it be believed for another while who may sign.

    Example: phono keys renew --root-key /media/stick/root.pem
    """
    from phonotheque.archive import rekeying

    return _change(context, wait, as_json, lambda archive: rekeying.renew(archive, more or []))


def sign(
    context: typer.Context, more: Elsewhere = None, wait: Wait = False, as_json: Json = False
) -> int:
    """Sign a change of the keys that needs more root keys than were at hand.

    Example: phono keys sign --root-key /media/stick/root.pem
    """
    from phonotheque.archive import rekeying

    return _change(
        context, wait, as_json, lambda archive: rekeying.sign_pending(archive, more or [])
    )


def _change(
    context: typer.Context,
    wait: bool,  # noqa: FBT001 (options, handed on)
    as_json: bool,  # noqa: FBT001
    act: Callable[[Archive], Rekeyed],
) -> int:
    """Hold the archive, change its keys, say what came of it."""
    from phonotheque.archive.opening import open_to_write

    with open_to_write(archive_of(context), "keys", is_patient=wait) as archive:
        tell(archive.notices)
        done = act(archive)
    return _say(done, as_json=as_json)


def _say(done: Rekeyed, *, as_json: bool) -> int:
    if as_json:
        import dataclasses

        print_json(dataclasses.asdict(done))
        return FOUND if done.missing else DONE
    for path in done.made:
        print(printable(f"made     {path}"))
    for path in done.gone:
        print(printable(f"removed  {path}"))
    if done.missing:
        wanted = counted(done.missing, "more root key")
        print(f"It counts when signed with {wanted}: phono keys sign --key PATH")
        return FOUND
    print(f"Root {done.version} counts now.")
    return DONE
