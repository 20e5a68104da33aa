"""Why a torrent is held, fetched, let go or left: in sentences for people. Pure text."""

from __future__ import annotations

from phonotheque.publish.choice import Freedom

OTHER_COLLECTION = "Nothing in it is from the collections you asked for."
LOST_THERE = "The archive lost its own copy: yours may be the last one."

_KINDS = {
    "nc": "may not be used commercially",
    "nd": "may not be changed",
    "nc-nd": "may neither be used commercially nor changed",
    "art": "holds pictures under the terms of each release",
    "overlays": "holds pictures under the terms of each release",
}


def copies(others: int | None) -> str:
    """How many others have it, in words."""
    if others is None:
        return "nobody has counted who else has it"
    if others == 0:
        return "nobody else has it"
    return "1 other has it" if others == 1 else f"{others} others have it"


def held(others: int | None, target: int, unasked: str) -> str:
    """Why something that is here stays."""
    if unasked:
        return f"{unasked} It is here and stays while there is room; {copies(others)}."
    if others is not None and others >= target:
        return f"It is here and whole; {copies(others)}, it stays while there is room."
    return f"It is here and needed; {copies(others)}, {target} are the target."


def needed(others: int | None, target: int) -> str:
    """Why something new is taken."""
    if others is not None and others >= target:
        return f"There is room for it; {copies(others)}."
    return f"It is needed; {copies(others)}, {target} are the target."


def no_room(others: int | None, target: int) -> str:
    """Why something that was asked for is not taken."""
    if others is not None and others >= target:
        return f"No room is left; {copies(others)}."
    return f"No room is left, though it is needed; {copies(others)}, {target} are the target."


def under_way(reason: str) -> str:
    """Why something that is being fetched goes on."""
    return f"It is being fetched. {reason}".rstrip()


def excluded(reason: str) -> str:
    """Why this mirror does not hold something."""
    return f"You excluded it: {reason}"


def retired(reason: str) -> str:
    """Why something goes that its archive does not offer any more."""
    return f"The archive does not offer it any more: {reason}"


def replaced(successor: str) -> str:
    """Why something goes whose successor is here."""
    return f"{successor} takes its place and is here."


def until(successor: str) -> str:
    """Why something stays whose successor is not here yet."""
    return f"It stays until {successor} is here, which takes its place."


def takes_place(old: str) -> str:
    """Why a successor is fetched."""
    return f"It takes the place of {old}, and most of it is here already."


def plenty(others: int, needed_more: str) -> str:
    """Why something goes that others have plenty of."""
    return f"Others have had plenty of it for days ({others}); {needed_more} needs its room."


def less_room(others: int) -> str:
    """Why something goes when less room was given."""
    return f"You gave less room than is held; {copies(others)}."


def kept_over(others: int | None, target: int) -> str:
    """Why something stays though there is no room for it."""
    return (
        f"It stays though you gave less room: {copies(others)}, {target} are the target. "
        "Exclude it if it has to go."
    )


def other_licence(kind: str, wanted: Freedom) -> str:
    """Why a licence filter does not take something."""
    return f"It {_KINDS.get(kind, 'is of another kind')}; you asked for {wanted.value}."


def other_tier(tier: str) -> str:
    """Why a filter of tiers does not take something."""
    return f"It is in tier {tier}, which you did not ask for."


# -- what is told when something is done ------------------------------------------------------


def by_signature(address: str, seq: int, created: str, why: str) -> str:
    """That an index was proven by the signature for people alone."""
    return (
        f"{address}: index {seq} of {created[:10]} is proven by the signature for people alone, "
        f"because {why}. Nobody can say whether there is a newer one."
    )


def sweeping(archive: str, count: int) -> str:
    """That more was removed than may go unasked."""
    return (
        f"{archive}: {count} recordings are removed; with them more than half of what was held "
        "would be gone within 30 days. They were not deleted: ask the archive's people whether "
        "this is meant, then run `phono mirror follow --accept-removals`."
    )


def many_going(archive: str, count: int) -> str:
    """That more torrents would go than may go unasked."""
    return (
        f"{archive}: {count} torrents would go; with them more than half of what was held would be "
        "gone within 30 days. They were not deleted: look at `phono mirror plan`, then run "
        "`phono mirror follow --accept-removals`."
    )
