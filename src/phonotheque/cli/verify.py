"""`phono verify`: are the stored bytes still the registered ones, and is their sound whole?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.options import Jobs, Json, Wait, archive_of, job_count
from phonotheque.cli.output import format_bytes, print_json, print_table, printable, progress
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from phonotheque.archive.keeping.examine import Examined, Hearing, Subject
    from phonotheque.archive.keeping.verify import Checked, Run
    from phonotheque.archive.opening import Archive
    from phonotheque.hands import Hands
    from phonotheque.music.finding import Finding
    from phonotheque.register.holdings import Held
    from phonotheque.register.index import Index

    Ears = Hands[Subject, Examined]


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("verify", short_help="Hold stored bytes against the register.")(verify)


def verify(
    context: typer.Context,
    references: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Objects; default: all.")
    ] = None,
    check_all: Annotated[bool, typer.Option("--all", help="Check everything (default).")] = False,
    oldest: Annotated[
        int | None, typer.Option("--oldest", min=1, metavar="N", help="The N unproven longest.")
    ] = None,
    audio: Annotated[
        bool, typer.Option("--audio", help="Decode every sound again, and judge if it is whole.")
    ] = False,
    jobs: Jobs = None,
    wait: Wait = False,
    as_json: Json = False,
) -> int:
    """Read stored bytes and hold them against the register; nothing is repaired.

    Objects are read oldest check first, so a run that is stopped is gone on with by the next one.

    Example: phono verify --oldest 1000
    """
    from phonotheque.archive.keeping.verify import Run, check_register
    from phonotheque.archive.opening import open_to_read

    if references and (check_all or oldest):
        raise typer.BadParameter("name objects, or use --all or --oldest, not both")
    root, count = archive_of(context), job_count(jobs)
    with _ears(root, count, is_wanted=audio) as ears, open_to_read(root) as archive:
        check_register(archive)
        chosen = _chosen(archive.index, references or (), oldest or -1)
        run = Run(is_ordered=not references, as_of=archive.index.place.head.seq)
        hearing = _hearing(archive, is_patient=wait) if ears else None
        checks = _checks(archive, chosen[0], count, ears, hearing)
        is_partial = bool(references or oldest)
        with _recorded(archive, run, hearing, chosen[1], is_patient=wait) as report:
            _go_through(run, checks, chosen[1:])
            if not references:
                _go_through_the_rest(archive, run, is_partial=is_partial)
            report.append(as_json)
    return FOUND if run.findings or (hearing and hearing.damaged) else DONE


def _go_through(run: Run, checks: Iterable[Checked], wanted: tuple[int, int]) -> None:
    with progress("verifying", *wanted) as shown:
        for checked in checks:
            run.note(checked)
            shown.advance(checked.held.size_bytes)


def _go_through_the_rest(archive: Archive, run: Run, *, is_partial: bool) -> None:
    """Read all packs and look at everything else; or read as many bytes of packs as were read of
    objects, and one pack in any case."""
    from phonotheque.archive.keeping.published import packs_in_turn
    from phonotheque.archive.keeping.verify import check_packs, check_the_rest

    packs = packs_in_turn(archive, run.examined_bytes if is_partial else None)
    size_bytes = sum(pack.size_bytes for pack in packs)
    with progress("verifying packs", len(packs), size_bytes) as shown:
        for pack in check_packs(archive, run, packs):
            shown.advance(pack.size_bytes)
    if not is_partial:
        check_the_rest(archive, run)


@contextmanager
def _recorded(
    archive: Archive, run: Run, hearing: Hearing | None, wanted: int, *, is_patient: bool
) -> Iterator[list[bool]]:
    """Record what was done, whatever ends it; tell the result when the block asks for it.

    Raises:
        UnavailableError: It could not be recorded.
    """
    from phonotheque.archive.keeping.verify import record
    from phonotheque.errors import UnavailableError

    asked: list[bool] = []
    try:
        yield asked
    finally:
        try:
            if hearing is not None:
                hearing.record()
            if run.has_news(archive.index):
                record(archive, run, is_patient=is_patient)
            if not asked:
                _say_how_far(run, wanted)
        except UnavailableError as error:
            wrong = f"the run could not be recorded: {error.wrong}"
            raise type(error)(error.thing, wrong, error.todo) from error
        finally:
            if asked:  # told also when it could not be recorded: reading may take days
                _report(run, hearing, as_json=asked[0])


@contextmanager
def _ears(root: Path, count: int, *, is_wanted: bool) -> Iterator[Ears | None]:
    """Hands that decode, started before the archive is opened; None when nobody asked for it."""
    if not is_wanted:
        yield None
        return
    from phonotheque.archive.keeping.wiring import examiners

    with examiners(root, count) as hands:
        yield hands


def _hearing(archive: Archive, *, is_patient: bool) -> Hearing:
    from phonotheque.archive.keeping.examine import Hearing

    return Hearing(archive, is_patient=is_patient)


def _checks(
    archive: Archive,
    objects: Iterable[Held],
    count: int,
    ears: Ears | None,
    hearing: Hearing | None,
) -> Iterator[Checked]:
    if ears is None or hearing is None:
        from phonotheque.archive.keeping.verify import check

        yield from check(archive, objects, count)
        return
    from phonotheque.archive.keeping.examine import examine_all

    for heard in examine_all(ears, objects):
        hearing.note(heard)
        yield heard.checked


def _chosen(
    index: Index, references: Sequence[str], oldest: int
) -> tuple[Iterable[Held], int, int]:
    """The objects to be read, their number and bytes: those named, else the oldest ones."""
    from phonotheque.archive.reference import resolve_object

    if references:
        named = [resolve_object(index, reference) for reference in references]
        return named, len(named), sum(held.size_bytes for held in named)
    return index.oldest_checked(oldest), *index.count_checked(oldest)


def _say_how_far(run: Run, wanted: int) -> None:
    import sys

    print(
        f"Checked {run.objects} of {counted(wanted, 'object')}; that is recorded.", file=sys.stderr
    )


def _report(run: Run, hearing: Hearing | None, *, as_json: bool) -> None:
    rows = [(str(finding.kind), finding.path, finding.detail) for finding in run.findings]
    if hearing is not None:
        rows += [("damaged-sound", name.path, words) for name, words in hearing.damaged]
    if as_json:
        for kind, path, detail in rows:
            print_json({"kind": kind, "path": path, "detail": detail})
        done = run.published
        print_json(
            {
                "objects": run.objects,
                "examined": run.examined,
                "examined_bytes": run.examined_bytes,
                "packs": done.packs_read,
                "packs_bytes": done.packs_bytes,
                "torrents": done.torrents,
                "signed": done.signed,
                "findings": len(run.findings),
                **({"verdicts": dict(hearing.verdicts)} if hearing else {}),
            }
        )
        return
    size = format_bytes(run.examined_bytes)
    of_all = "" if run.examined == run.objects else f"{run.examined} of "
    print(f"{of_all}{counted(run.objects, 'object')} read, {size}: {_count(run.findings)}")
    if looked := _published(run):
        print(f"Of what is published: {looked}.")
    if hearing is not None:
        heard = ", ".join(f"{hearing.verdicts[key]} {words}" for key, words in _VERDICTS)
        print(f"{counted(hearing.verdicts.total(), 'recording')} decoded: {heard}.")
    print_table([(kind, printable(path), detail) for kind, path, detail in rows])


def _published(run: Run) -> str:
    """What was looked at of what is published, in words; "" for nothing."""
    done = run.published
    packs = f"{counted(done.packs_read, 'pack')} read, {format_bytes(done.packs_bytes)}"
    parts = [packs] if done.packs else []
    parts += [counted(done.torrents, "torrent")] if done.torrents else []
    parts += [counted(done.signed, "signed file")] if done.signed else []
    return ", ".join(parts)


_VERDICTS = (("whole", "whole"), ("unknown", "cannot be told"), ("damaged", "damaged"))


def _count(findings: Sequence[Finding]) -> str:
    if not findings:
        return "every one is exact."
    return f"{counted(len(findings), 'finding')}."
