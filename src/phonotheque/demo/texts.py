"""All that the label writes down: tags, `rights.toml`, notes in the sleeve, a word about itself.

Values in, text out: the same plan gives the same text.

Not here: what was planned (`phonotheque.demo.plans`), writing text to the disk
(`phonotheque.demo.label`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from phonotheque.demo.encode import WrittenTags
from phonotheque.demo.plans import LICENCE_URLS, Plan


def tags(label: str, plan: Plan, number: int) -> WrittenTags:
    """Return what is written into a track's file: ISRCs only where somebody cared to register.

    Args:
        label: The label's name.
        number: Which take of the plan, from 1.
    """
    take = plan.takes[number - 1]
    licence = take.claims or (LICENCE_URLS[plan.licence] if plan.licence else None)
    # XX is user-assigned in ISO 3166-1: no registrant can ever be given these codes (ISO 3901)
    isrc = f"XXKNC{plan.date[2:4]}{int(plan.catalogue_number[-3:]):03}{number:02}"
    return WrittenTags(
        title=take.title,
        artist=plan.artist,
        album=plan.title,
        album_artist=plan.artist,
        track_number=number,
        track_total=len(plan.takes),
        date=plan.date,
        genre=plan.genre,
        label=label,
        catalogue_number=plan.catalogue_number,
        isrc=isrc if plan.licence and number != 2 else None,
        licence=licence,
    )


def rights_text(label: str, plans: Iterable[Plan]) -> str:
    """Return `rights.toml`: one rule for each release that has evidence."""
    text = f"# What may be done with the recordings of {label}, and on what evidence.\n"
    for plan in plans:
        if plan.licence is None:
            continue
        evidence = (
            f"Letter from {plan.artist} to {label}, {plan.date}: "
            f'"{plan.title}" ({plan.catalogue_number}) is released under {plan.licence}.'
        )
        # a JSON string is also a basic string of TOML 1.0
        rule = {
            "match": f"{plan.folder}/**",
            "licence": plan.licence,
            "evidence": evidence,
            "holder": plan.artist,
        }
        lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in rule.items())
        text += "\n[[rule]]\n" + "\n".join(lines) + "\n"
    return text


def liner_notes(label: str, plan: Plan) -> str:
    """Return the text that lies in the sleeve."""
    terms = (
        f"Licence: {plan.licence}, {LICENCE_URLS[plan.licence]}"
        if plan.licence
        else "We have lost the artists' address, and with it their answer about rights."
    )
    listed = [f"{number}. {take.title}" for number, take in enumerate(plan.takes, 1)]
    head = f"{plan.title}\n{plan.artist}\n{label} {plan.catalogue_number}, {plan.date}"
    return "\n\n".join((head, "\n".join(listed), plan.notes, terms)) + "\n"


def about(label: str) -> str:
    """Return what a stranger should read first."""
    return f"""{label} is a label that never was.

Its artists, releases, letters and codes are invented, and a program played its music, so that
Phonotheque can be tried without anybody's recordings. Every sound was computed from a seed.
"""
