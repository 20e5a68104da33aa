"""Exit status of every command: one table, documented in `docs/reference/exit-status.md`."""

from __future__ import annotations

from phonotheque import errors

DONE = 0
FOUND = 1
"""Done, but something was found: damage, unreadable or refused files."""
INTERRUPTED = 130

STATUS: dict[type[errors.PhonothequeError], int] = {
    errors.CallerError: 2,
    errors.RightsError: 3,
    errors.IntegrityError: 4,
    errors.TrustError: 5,
    errors.UnavailableError: 6,
}
"""One status for each branch of the error tree: it says who must act."""


def exit_status(error: errors.PhonothequeError) -> int:
    """The exit status for an error: that of the branch it stands on."""
    return next(status for branch, status in STATUS.items() if isinstance(error, branch))
