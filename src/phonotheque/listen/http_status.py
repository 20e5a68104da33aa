"""HTTP status of every error: one table, documented in `docs/reference/errors.md`; and what of an
error visitors are told."""

from __future__ import annotations

from phonotheque import errors

STATUS: tuple[tuple[type[errors.PhonothequeError], int], ...] = (
    (errors.BadReferenceError, 404),
    (errors.NotHeldError, 404),
    (errors.NotAnArchiveError, 404),
    (errors.NoCatalogueError, 503),
    (errors.ConflictError, 409),
    (errors.CallerError, 400),
    (errors.NotShareableError, 451),
    (errors.RightsError, 403),
    (errors.IntegrityError, 500),
    (errors.TrustError, 502),
    (errors.DiskFullError, 507),
    (errors.UnavailableError, 503),
)
"""From the particular to the branch: the first class that an error is an instance of decides.

451 is "unavailable for legal reasons" (RFC 7725), 507 "insufficient storage" (RFC 4918).
"""


_OF_THE_ARCHIVE = (errors.FormatTooNewError, errors.NotAnArchiveError)


def told_thing(error: errors.PhonothequeError, status: int) -> str:
    """What an error is about, as visitors are told: of what is ours not where on the disk it is."""
    if status < 500 and not isinstance(error, _OF_THE_ARCHIVE):
        return error.thing
    return error.thing.rstrip("/").rpartition("/")[2] or error.thing


def http_status(error: errors.PhonothequeError) -> int:
    """The HTTP status for an error."""
    return next(status for kind, status in STATUS if isinstance(error, kind))
