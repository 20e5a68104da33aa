"""The datasheet: the questions that researchers ask of a dataset, answered from the figures.

Laws: an answer follows from a figure of the sheet or from what the archive does by construction; a
question that nobody can answer from records is answered "not recorded", never guessed.

Source: Gebru et al., "Datasheets for Datasets", Communications of the ACM 64(12), 2021: its seven
parts and its questions, in our words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from phonotheque.music.number_words import counted
from phonotheque.music.statement import Tdm
from phonotheque.music.tdm_statement import SENTENCE, counted_sentence
from phonotheque.publish.facts.machine_files import ServedAt
from phonotheque.publish.facts.sheet import FactSheet
from phonotheque.publish.facts.text import escaped
from phonotheque.publish.facts.words import (
    ALWAYS,
    coverage_sentence,
    faults,
    summary,
    title_of,
    what_it_is_not,
)
from phonotheque.publish.pages.texts import format_count, format_day, format_size

UNRECORDED = "Not recorded by this archive."

Answered = tuple[str, str]
"""A question and its answer."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the seven parts."""

    name: str
    answers: tuple[Answered, ...]


def parts(sheet: FactSheet, site: ServedAt) -> list[Part]:
    """Answer every question."""
    return [
        Part("Motivation", tuple(_motivation(sheet))),
        Part("Composition", (*_composition(sheet), *_soundness(sheet))),
        Part("Collection", tuple(_collection(sheet))),
        Part("Preprocessing, cleaning, labelling", tuple(_processing(sheet))),
        Part("Uses", tuple(_uses(sheet))),
        Part("Distribution", tuple(_distribution(sheet, site))),
        Part("Maintenance", tuple(_maintenance(sheet, site))),
    ]


def _motivation(sheet: FactSheet) -> Iterator[Answered]:
    yield (
        "Why was it made?",
        (
            "To keep music outside the mainstream from vanishing: so that anybody can hold a "
            "copy, prove it, and listen."
        ),
    )
    yield "Who made it?", f"{title_of(sheet)}, with the software Phonotheque."
    yield "Who paid for it?", UNRECORDED


def _composition(sheet: FactSheet) -> Iterator[Answered]:
    yield (
        "What are the instances?",
        (
            "Recordings: files of audio, each with what is known of it. Packs beside them hold "
            "catalogue, measured facts and pictures."
        ),
    )
    yield "How many are there?", " ".join(summary(sheet))
    yield (
        "Is it all there is, or a sample?",
        f"A part, not a sample drawn to represent anything: what was deposited and may be shared. "
        f"{coverage_sentence(sheet.coverage)}".rstrip(),
    )
    yield (
        "What does each instance consist of?",
        (
            "The file byte for byte as it was deposited; its digest, length, titles, makers, "
            "release, licence and source in the listing of its torrent."
        ),
    )
    yield "Is there a label or target?", "No. Tags such as genre are what their makers wrote."


def _soundness(sheet: FactSheet) -> Iterator[Answered]:
    """The second half of the composition: what is missing, wrong, or about persons."""
    missing = f"{counted(sheet.totals.unattributed, 'recording')} without the name of a maker"
    yield "Is anything missing?", f"{missing}. {_left(sheet)}"
    yield (
        "Are relations between instances made explicit?",
        (
            "Yes: release, maker and ISRC where they are known; fingerprints in the pack of facts "
            "tell what sounds alike."
        ),
    )
    yield "Are there recommended splits?", "No. Tiers are parts of all listens, not splits."
    wrong = [f"{one.reason}: {format_count(one.recordings)}." for one in faults(sheet)]
    yield "Are there errors, noise, redundancies?", " ".join((*wrong, *ALWAYS))
    yield "Does it rely on anything outside?", "No. Every torrent is complete by itself."
    yield (
        "Is anything confidential, or about persons?",
        (
            "Names of makers as they signed their work. Names of depositors and their papers are "
            "kept apart and are not in it. Voices are those of performers who published them."
        ),
    )
    yield (
        "Might anything offend?",
        "It can: music is kept as it is. What was taken down is listed with its reason.",
    )
    yield "Does it identify groups of people?", UNRECORDED


def _left(sheet: FactSheet) -> str:
    held = sum(one.recordings for one in sheet.left)
    return f"Held and not in it: {counted(held, 'recording')}, by reason in the fact sheet."


def _collection(sheet: FactSheet) -> Iterator[Answered]:
    counted_ = sheet.counted
    yield (
        "How was each instance acquired?",
        (
            "Deposited as files, with a statement of their licence; the archive fetched nothing "
            "from a streaming service."
        ),
    )
    yield (
        "How was it checked?",
        (
            "Each file was hashed as it came in, decoded once, and read and proven again before "
            "it was sealed into a torrent."
        ),
    )
    yield "If it is a sample, how was it drawn?", "It is none: all that may be shared is in it."
    yield "Who took part, and were they paid?", UNRECORDED
    when = (
        f"From {format_day(counted_.began)} to {format_day(counted_.cut_off)}."
        if counted_.began
        else "Nothing was collected yet."
    )
    yield "Over which time?", when
    yield "Was there an ethical review?", UNRECORDED
    yield (
        "Were people asked, and can they take their consent back?",
        (
            "A licence was stated for each recording, and that statement is on record with its "
            "date. Whoever objects can have a recording taken down; the removal is signed and "
            "reaches the mirrors."
        ),
    )


def _processing(sheet: FactSheet) -> Iterator[Answered]:
    yield (
        "Was anything cleaned or changed?",
        (
            "Not the files: they are byte for byte as deposited. Corrections to titles and names "
            "stand in listings and overlays beside them."
        ),
    )
    yield "Is the raw data kept?", "It is the raw data."
    yield "Is the software available?", "Yes: Phonotheque, under the Apache licence 2.0."
    figures = f"{sheet.totals.lossless} lossless, {sheet.totals.lossy} lossy"
    yield "In which forms is it?", f"As deposited: {figures} recordings; codings are counted in it."


def _uses(sheet: FactSheet) -> Iterator[Answered]:
    mining = counted_sentence({kind: sheet.mining.get(kind.value, 0) for kind in Tdm})
    yield "What has it been used for?", UNRECORDED
    yield (
        "What could it be used for?",
        "Listening, keeping, research on music and its history.",
    )
    yield "What should it not be used for?", " ".join(what_it_is_not(sheet)) or "Nothing yet."
    yield "May models be trained on it?", f"{SENTENCE} {mining}".rstrip()
    yield (
        "What might matter for later use?",
        (
            "Each licence: some allow no use for money, some no changes; almost all ask that "
            "makers be named."
        ),
    )


def _distribution(sheet: FactSheet, site: ServedAt) -> Iterator[Answered]:
    names = ", ".join(f"{one.name} ({format_count(one.recordings)})" for one in sheet.licences)
    yield "Who gets it?", "Everybody, by torrents that anyone can mirror and prove."
    yield "Where is it?", site.base or "Wherever its torrents are shared."
    yield "When was it published?", format_day(sheet.counted.as_of) if sheet.counted.as_of else "-"
    yield "Under which licences?", f"Each recording under its own: {names}." if names else "-"
    own = sheet.counted.catalogue_licence or "No licence was stated."
    yield "And what the archive says of them?", own
    yield "Has anybody else restricted it?", "What a right holder restricts is not in it."
    yield "How large is it?", format_size(sheet.totals.size_bytes)


def _maintenance(sheet: FactSheet, site: ServedAt) -> Iterator[Answered]:
    gone = (
        f"{counted(sheet.counted.removed, 'object')} taken down and "
        f"{counted(sheet.counted.retired, 'torrent')} withdrawn or replaced so far."
    )
    yield "Who keeps it up, and how are they reached?", site.address or UNRECORDED
    yield "Is there an erratum?", f"Corrections come as new torrents that name the old. {gone}"
    yield (
        "Will it be updated?",
        "A torrent never changes. New ones are added, and each index names the one before it.",
    )
    yield (
        "Are older versions kept?",
        "By whoever mirrors them; the index keeps a line for every torrent there ever was.",
    )
    yield "Can others add to it?", "By depositing in the archive, or by an archive of their own."


def datasheet(sheet: FactSheet, site: ServedAt) -> str:
    """Write the datasheet in Markdown: `facts/datasheet.md`."""
    lines = [f"# Datasheet of {escaped(title_of(sheet))}", ""]
    lines += [escaped(f"Publication {sheet.publication}. {SENTENCE}"), ""]
    for part in parts(sheet, site):
        lines += [f"## {part.name}", ""]
        for question, answer in part.answers:
            lines += [f"**{question}** {escaped(answer)}", ""]
    return "\n".join(lines)
