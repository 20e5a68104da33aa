"""What happened to a recording, as the register tells it.

Laws: every line names the line of the register that says so; nothing personal is told: who
deposited or asked is a local id there and nobody here; the newest stands first.
"""

from __future__ import annotations

from collections.abc import Iterator

from phonotheque.archive.opening import Archive
from phonotheque.listen.item_values import Happening
from phonotheque.music.digest import Sha256
from phonotheque.music.licence import parse_licence
from phonotheque.music.rights import Basis, RightsStatement
from phonotheque.music.statement import Tdm
from phonotheque.publish.pages.texts import plain
from phonotheque.register.cases import removals_of
from phonotheque.register.events import Removal
from phonotheque.register.holdings import Held
from phonotheque.register.provenance import (
    checking_at,
    corrections_of,
    links_of,
    sealing_of,
    statements_about,
)


def history_of(archive: Archive, held: Held) -> tuple[Happening, ...]:
    """Return what the register says of a recording, the newest line first."""
    found = [
        *_taken_in(archive, held.sha256),
        *_stated(archive, held.sha256),
        *_changed(archive, held.sha256),
        *_published(archive, held),
        *_removed(archive, held.sha256),
    ]
    return tuple(sorted(found, key=lambda one: -one.seq))


def _taken_in(archive: Archive, sha256: Sha256) -> Iterator[Happening]:
    for number, one in enumerate(archive.index.accessions(sha256)):
        _, collection = archive.index.depositor_and_collection(one.deposit)
        of = f", for the collection “{plain(collection)}”" if collection else ""
        name = plain(one.path.rpartition("/")[2])
        what = "Taken in" if number == 0 else "Came in again"
        yield Happening(seq=one.seq, at=one.at, what=what, detail=f"As “{name}”{of}.")


_SPOKE = {
    Basis.DECISION: "The archive decided on its rights",
    Basis.DEPOSITOR: "The depositor stated its rights",
    Basis.RULES: "A rule in the deposit stated its rights",
    Basis.CLAIM: "A tag in the file claims a licence",
}


def _stated(archive: Archive, sha256: Sha256) -> Iterator[Happening]:
    for seq, one in statements_about(archive.index, sha256):
        yield Happening(seq=seq, at=one.stated_at, what=_SPOKE[one.basis], detail=words_of(one))


def words_of(statement: RightsStatement) -> str:
    """Return what a statement says, in a sentence without a name of a person."""
    licence = parse_licence(statement.licence)
    said = [licence.name if statement.licence else "no licence"]
    if statement.granted:
        uses = ", ".join(use.value for use in statement.granted)
        said.append(f"granted to this archive: {uses}")
    if statement.excluded:
        said.append(f"not allowed: {', '.join(use.value for use in statement.excluded)}")
    if statement.territories:
        said.append(f"only in {', '.join(statement.territories)}")
    if statement.onsite_only:
        said.append("only in the archive's own rooms")
    if statement.valid_from:
        said.append(f"from {statement.valid_from}")
    if statement.valid_until:
        said.append(f"until {statement.valid_until}")
    if statement.tdm is not Tdm.UNKNOWN:
        said.append(f"text and data mining {statement.tdm.value.replace('-', ' ')}")
    return f"{'; '.join(said)}."


def _changed(archive: Archive, sha256: Sha256) -> Iterator[Happening]:
    for edit in corrections_of(archive.index, sha256):
        value = f"“{plain(edit.value)}”" if edit.value else "taken away"
        value = "as the file says" if edit.is_undone else value
        why = f" Why: {plain(edit.reason)}." if edit.reason else ""
        detail = f"{edit.field.replace('_', ' ')}: {value}.{why} The bytes did not change."
        what = "Correction taken back" if edit.is_undone else "Corrected"
        yield Happening(seq=edit.seq, at=edit.at, what=what, detail=detail)
    for seq, link in links_of(archive.index, sha256):
        other = link.other if link.sha256 == sha256.hex else link.sha256
        detail = f"With {other[:12]}: {link.likeness.value}, by its fingerprint."
        yield Happening(seq=seq, at="", what="Found alike", detail=detail)


def _published(archive: Archive, held: Held) -> Iterator[Happening]:
    seq = checking_at(archive.index, held.checked_at)
    if seq is not None:
        detail = "Every byte was read again, and the digest is the same."
        if held.condition != "intact":
            detail = f"It was found {held.condition}."
        yield Happening(seq=seq, at=held.checked_at, what="Checked", detail=detail)
    sealed = sealing_of(archive.index, held.volume) if held.volume else None
    if sealed is not None:
        detail = f"In {sealed.volume}, proven once more before."
        yield Happening(seq=sealed.seq, at=sealed.at, what="Sealed into a volume", detail=detail)


def _removed(archive: Archive, sha256: Sha256) -> Iterator[Happening]:
    for line in removals_of(archive.index, sha256):
        if isinstance(line.event, Removal):
            case = f" Case {line.event.case}." if line.event.case else ""
            detail = f"{plain(line.event.reason)}{case}"
            yield Happening(seq=line.seq, at=line.at, what="Removed", detail=detail)
