"""The error tree: its branches say who must act.

Every error names the thing, what is wrong with it and what to do next, carries a stable `code`
for machines, and is raised where the fault was met. A foreign exception is translated once, there,
with ``from``. Programming mistakes stay `ValueError`, `TypeError` and `AssertionError`.

Not here: exit status (`phonotheque.cli.exit_status`) and HTTP status
(`phonotheque.listen.http_status`): those are tables at the edges.
"""

from __future__ import annotations

from typing import ClassVar


class PhonothequeError(Exception):
    """Anything that Phonotheque refuses or cannot do.

    Args:
        thing: What it is about: a path, an identifier, a setting.
        wrong: What is wrong with it; no capital, no full stop.
        todo: What the reader can do next; a sentence.
    """

    code: ClassVar[str] = "error"

    def __init__(self, thing: str, wrong: str, todo: str) -> None:
        super().__init__(thing, wrong, todo)
        self.thing = thing
        self.wrong = wrong
        self.todo = todo

    def __str__(self) -> str:
        return f"{self.thing}: {self.wrong}. {self.todo}"

    def fields(self) -> dict[str, str]:
        """Return the error as a flat record, as `--json` prints it."""
        return {"error": self.code, "thing": self.thing, "wrong": self.wrong, "todo": self.todo}


class CallerError(PhonothequeError):
    """The request is at fault: fix it and ask again."""

    code = "request"


class BadRequestError(CallerError):
    """The arguments of a command do not fit together, or name something unusable."""

    code = "bad-request"


class BadReferenceError(CallerError):
    """A reference names nothing, or more than one thing."""

    code = "bad-reference"


class BadSettingError(CallerError):
    """A setting in `phonotheque.toml` is unknown or has a value that cannot be meant."""

    code = "bad-setting"


class BadLicenceError(CallerError):
    """A licence that was given is not one that Phonotheque can name."""

    code = "bad-licence"


class BadRulesError(CallerError):
    """A `rights.toml` cannot be read as the format says."""

    code = "bad-rules"


class BadMappingError(CallerError):
    """A mapping file that says how to read a table cannot be read, or means nothing."""

    code = "bad-mapping"


class NotAnArchiveError(CallerError):
    """There is no archive where one was asked for."""

    code = "not-an-archive"


class NoCatalogueError(CallerError):
    """A question was asked of a catalogue that was not built yet."""

    code = "no-catalogue"


class FormatTooNewError(CallerError):
    """The archive was written by a later Phonotheque: this one must not touch it."""

    code = "format-too-new"


class FormatTooOldError(CallerError):
    """What is handed on was made by an earlier Phonotheque, in a form that is read no more."""

    code = "format-too-old"


class NotHeldError(CallerError):
    """The thing is known but its bytes are not held here."""

    code = "not-held"


class ConflictError(CallerError):
    """What should be made exists already, and differs."""

    code = "conflict"


class RightsError(PhonothequeError):
    """The law or a contract stands in the way: ask a human."""

    code = "rights"


class NotShareableError(RightsError):
    """Nothing on record allows the use that was asked for."""

    code = "not-shareable"


class IntegrityError(PhonothequeError):
    """Bytes are not what a record says they are: repair."""

    code = "integrity"


class DigestMismatchError(IntegrityError):
    """Bytes hash to something else than their record says."""

    code = "digest-mismatch"


class TruncatedError(IntegrityError):
    """Bytes end before their record says they should."""

    code = "truncated"


class BrokenRegisterError(IntegrityError):
    """A line of the register does not follow from the line before it."""

    code = "broken-register"


class ListLostError(IntegrityError):
    """Which recordings a sealed volume holds is not known any more: its lists are lost."""

    code = "list-lost"


class MalformedError(IntegrityError):
    """A file of ours, or one handed to us, cannot be read as its format says."""

    code = "malformed"


class TrustError(PhonothequeError):
    """A peer or publisher cannot be believed: refuse it."""

    code = "trust"


class BadSignatureError(TrustError):
    """A signature is missing, is not by a key that may sign, or too few of them are there."""

    code = "bad-signature"


class ExpiredError(TrustError):
    """What was signed was to be believed for a time that is over."""

    code = "expired"


class RolledBackError(TrustError):
    """What is offered is older than what was seen before."""

    code = "rolled-back"


class BrokenChainError(TrustError):
    """What is offered does not follow from what was seen before: two pasts were published."""

    code = "broken-chain"


class TooLongError(TrustError):
    """More bytes came than there may be."""

    code = "too-long"


class UnavailableError(PhonothequeError):
    """Something is away or busy: wait and try again."""

    code = "unavailable"


class NotWholeError(UnavailableError):
    """What is asked for is missing or damaged here, and no other copy of it is at hand."""

    code = "not-whole"


class ArchiveBusyError(UnavailableError):
    """Another process is writing to the archive."""

    code = "archive-busy"


class KeyAwayError(UnavailableError):
    """A key that has to sign is not at hand."""

    code = "key-away"


class DiskFullError(UnavailableError):
    """No room is left on the disk (or the quota is reached)."""

    code = "disk-full"


class DiskFailedError(UnavailableError):
    """The disk or its file system refused a call: an error, a permission, too many files."""

    code = "disk-failed"
