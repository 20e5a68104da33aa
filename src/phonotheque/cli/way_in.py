"""`phono init` and `phono add`: founding an archive and taking files in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.options import DryRun, Jobs, Json, Wait, archive_of, job_count
from phonotheque.cli.output import format_bytes, print_json, print_table, printable, progress, tell

if TYPE_CHECKING:
    from phonotheque.accession.deposit import Deposit
    from phonotheque.accession.ingest import Ingest, Told
    from phonotheque.accession.statements import Given
    from phonotheque.accession.take import Job, NotTaken, Taken
    from phonotheque.archive.opening import Archive
    from phonotheque.hands import Hands

    Takers = Hands[Job, Taken | NotTaken]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("init")(init)
    app.command("add", short_help="Take files in; every byte is kept.")(add)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    name: Annotated[str, typer.Option("--name", help="The archive's name, as people write it.")],
    as_json: Json = False,
) -> int:
    """Found an archive.

    Example: phono init /srv/archive --name "Café Noir Records"
    """
    from phonotheque.archive.founding import found
    from phonotheque.config import FILE_NAME, STAND_IN, short_name

    found(folder, name)
    short = short_name(name)
    if as_json:
        print_json({"archive": str(folder), "name": name, "short_name": short})
    else:
        volumes = f"{short}-open-all-00001"
        print(f"{name} is founded in {folder}. Its volumes will have names like {volumes}.")
        if short == STAND_IN and STAND_IN not in name.casefold():
            print(
                f'That is for want of Latin letters. Choose better: `name = "{short}"` in '
                f"{folder / FILE_NAME} may be changed until the first volume is sealed."
            )
        print(f"Next: phono --archive {folder} add MUSIC/ --licence CC-BY-4.0 --evidence TEXT")
    return DONE


def add(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Files or folders of music.")],
    licence: Annotated[
        str | None,
        typer.Option("--licence", metavar="ID|URL", help="Licence of all files: your word."),
    ] = None,
    evidence: Annotated[
        str, typer.Option("--evidence", metavar="TEXT|URL", help="Why that licence holds.")
    ] = "",
    depositor: Annotated[
        str, typer.Option("--depositor", metavar="NAME", help="Who brings the files.")
    ] = "",
    collection: Annotated[
        str, typer.Option("--collection", metavar="C", help="The collection they belong to.")
    ] = "",
    again: Annotated[
        bool, typer.Option("--again", help="Take in what was removed, too: it was decided anew.")
    ] = False,
    jobs: Jobs = None,
    dry_run: DryRun = False,
    wait: Wait = False,
    as_json: Json = False,
) -> int:
    """Take files in: every byte kept, the source untouched, what is held skipped.

    Example: phono add music/ --licence CC-BY-4.0 --evidence https://label.example/licence
    """
    from phonotheque.accession.deposit import idle_rules, say_idle, survey
    from phonotheque.accession.statements import Given
    from phonotheque.errors import BadRequestError, UnavailableError
    from phonotheque.music.licence import parse_licence_strict

    root = archive_of(context)
    if licence is not None:
        parse_licence_strict(licence)
    if Path() in paths:
        raise BadRequestError("PATH", "it is empty", 'Name a folder; for this one, "./".')
    given = Given(licence or "", evidence, depositor, collection, is_again=again)
    deposit = survey(paths, root)
    told = (
        _rehearsed(root, deposit)
        if dry_run
        else _taken_in(root, deposit, given, job_count(jobs), is_patient=wait)
    )
    report = _Report(as_json=as_json, is_rehearsal=dry_run)
    try:
        with progress("adding", len(deposit.found), deposit.size_bytes) as shown:
            for one in told:
                report.note(one)
                shown.advance(one.size_bytes)
    except UnavailableError:
        report.tell_how_far()
        raise
    report.close()
    tell(printable(say_idle(rule)) for rule in idle_rules(deposit))
    return FOUND if report.has_found else DONE


def _taken_in(
    root: Path, deposit: Deposit, given: Given, jobs: int, *, is_patient: bool
) -> Iterator[Told]:
    from phonotheque.archive.keeping.wiring import takers
    from phonotheque.archive.opening import open_to_write

    with (
        takers(root, jobs) as hands,
        open_to_write(root, "add", is_patient=is_patient) as archive,
    ):
        tell(archive.notices)
        yield from _ingest(archive, hands, given, deposit).run(deposit.found)


def _ingest(archive: Archive, hands: Takers, given: Given, deposit: Deposit) -> Ingest:
    from phonotheque.accession.ingest import Ingest, Parts
    from phonotheque.accession.statements import Notary
    from phonotheque.accession.take import identify
    from phonotheque.archive.recordings.linking import link_new

    people = archive.people
    notary = Notary(people.person, people.document, archive.now())
    parts = Parts(
        archive.store,
        archive.writing,
        archive.index,
        notary,
        hands,
        archive.now,
        identify,
        partial(link_new, archive),
    )
    return Ingest(parts, given, deposit.books)


def _rehearsed(root: Path, deposit: Deposit) -> Iterator[Told]:
    from phonotheque.accession.rehearse import rehearse
    from phonotheque.archive.opening import open_to_read

    with open_to_read(root) as archive:
        yield from rehearse(deposit, archive.index)


class _Report:
    """One line for each file as JSON, or one table at the end for people."""

    def __init__(self, *, as_json: bool, is_rehearsal: bool) -> None:
        self._as_json = as_json
        self._is_rehearsal = is_rehearsal
        self._files: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        self._notable: list[tuple[str, str, str]] = []
        self._damaged = 0

    @property
    def has_found(self) -> bool:
        """Whether a file was refused, could not be read, or is damaged."""
        return bool(self._files["refused"] or self._files["unreadable"] or self._damaged)

    def note(self, told: Told) -> None:
        """Count one file; it is durable."""
        is_new = told.outcome == "added"  # what is held already was told when it came in
        is_damaged = bool(is_new and told.integrity and told.integrity.verdict == "damaged")
        self._damaged += is_damaged
        self._files[told.outcome] += 1
        self._bytes[told.outcome] += told.size_bytes
        if self._as_json:
            print_json(
                {
                    "path": told.path,
                    "sha256": told.sha256.hex if told.sha256 else None,
                    "size_bytes": told.size_bytes,
                    "outcome": told.outcome,
                    "reason": told.reason,
                    "integrity": told.integrity.verdict if told.integrity else None,
                }
            )
        elif told.outcome in ("refused", "unreadable"):
            self._notable.append((told.outcome, printable(told.path), told.reason))
        elif is_damaged and told.integrity is not None:
            from phonotheque.music.sound import format_integrity

            what, _, where = format_integrity(told.integrity).partition(": ")
            self._notable.append((what, printable(told.path), where))

    def tell_how_far(self) -> None:
        """Tell people what is held although something refused to take in the rest."""
        new = sum(self._files[outcome] for outcome in ("added", "companion", "unreadable"))
        if new and not (self._as_json or self._is_rehearsal):
            came = "1 file was" if new == 1 else f"{new:,} files were"
            tell([f"{came} taken in and stay; the same command goes on with the others."])

    def close(self) -> None:
        """Print what people read at the end."""
        if self._as_json:
            return
        verb = "would be " if self._is_rehearsal else ""
        words = {
            "added": f"{verb}added",
            "companion": f"{verb}kept beside them (covers, notes, texts)",
            "held": "already held",
            "unreadable": "kept, but no decoder reads them",
            "refused": "refused",
        }
        rows = [
            (label, str(self._files[key]), format_bytes(self._bytes[key]))
            for key, label in words.items()
            if self._files[key] or key == "added"
        ]
        print_table([("", "files", "bytes"), *rows], right=(1, 2))
        if self._damaged:
            print(f"{self._damaged} of them damaged: kept as they are; see below.")
        if self._notable:
            print()
        print_table([(what, path, reason) for what, path, reason in self._notable[:_MOST_LINES]])
        if len(self._notable) > _MOST_LINES:
            print(f"... and {len(self._notable) - _MOST_LINES} more; --json lists them all.")


_MOST_LINES = 40
