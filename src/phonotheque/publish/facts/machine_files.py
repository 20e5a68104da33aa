"""The statement on AI training as machines ask for it, for any static server.

`robots.txt` and `ai.txt` for crawlers, `.well-known/tdmrep.json` for whoever respects reservations,
`facts/tdm-policy.json` for whoever wants to ask a right holder.

Laws: all of it follows from the listings of the torrents; a reservation is declared for the very
recordings that a right holder reserved, and for nothing else; what is free is said to be free; what
nobody spoke about is declared neither way, and only wished by this archive (`train-ai=n`).

Source: RFC 9309 (robots.txt); IETF draft-ietf-aipref-attach-04 (`Content-Usage`);
contentsignals.org (`Content-Signal`); TDMRep, W3C community group report of 2024-05-10, sections on
the file on the origin server and on policies; ai.txt as Spawning describes it.
Not here: headers and the sentence itself (`phonotheque.music.tdm_statement`).
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from phonotheque.music.statement import Tdm
from phonotheque.music.tdm_statement import CONTENT_USAGE, SENTENCE
from phonotheque.publish.facts.listing import ListedFile, TorrentFacts
from phonotheque.publish.pages.texts import plain, web_address

POLICY = "facts/tdm-policy.json"
_DIGITS = "0123456789abcdef"
_WIDTH = 78


@dataclass(frozen=True, slots=True)
class ServedAt:
    """Where a publication is served.

    Attributes:
        title: The archive's name as people write it.
        address: What its settings give as address: a URL, an e-mail address, or "".
    """

    title: str
    address: str = ""

    @property
    def base(self) -> str:
        """The URL of the publication's first page, with the last slash; "" when unknown."""
        return web_address(self.address)

    @property
    def path(self) -> str:
        """The path of the first page on its host, which is what `robots.txt` counts from."""
        return urlsplit(self.base).path or "/"

    @property
    def policy_url(self) -> str:
        """Where the policy is published; "" when unknown."""
        return f"{self.base}{POLICY}" if self.base else ""


def free_volumes(torrents: Iterable[TorrentFacts]) -> list[str]:
    """Names of the volumes whose recordings are all left free for text and data mining."""
    free = Tdm.NOT_RESERVED.value
    return [one.name for one in torrents if one.recordings and set(one.mining) == {free}]


def robots_txt(site: ServedAt, free: Sequence[str]) -> str:
    """Write robots.txt: everything may be read; what may be done with it is said beside.

    Args:
        site: Where it is served.
        free: Volumes whose recordings are all left free.
    """
    lines = [
        *_comment(f"{plain(site.title)}: everything here may be fetched. {SENTENCE}"),
        "#",
        *_comment(
            "Please take it in bulk: torrents and dumps on the first page carry all that is free, "
            "with the licence of each recording. Which ones are reserved stands in "
            "/.well-known/tdmrep.json. The signals below are this archive's own wish; they reserve "
            "nothing in a right holder's name."
        ),
        "",
        "User-agent: *",
        "Allow: /",
        "Content-Signal: search=yes, ai-train=no",
        f"Content-Usage: {CONTENT_USAGE}",
        *(f"Content-Usage: {site.path}volumes/{name}/ train-ai=y" for name in free),
    ]
    return "\n".join(lines) + "\n"


def ai_txt(site: ServedAt, free: Sequence[str]) -> str:
    """Write ai.txt: what may not be used for training, but for what is left free."""
    lines = [
        *_comment(f"{plain(site.title)}. {SENTENCE}"),
        "",
        "User-Agent: *",
        *(f"Allow: {site.path}volumes/{name}/" for name in free),
        f"Disallow: {site.path}",
    ]
    return "\n".join(lines) + "\n"


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(" ".join(text.split()), _WIDTH)]


def has_words(facts: TorrentFacts) -> bool:
    """Whether somebody spoke about text and data mining for a recording of the torrent."""
    return bool(set(facts.mining) - {Tdm.UNKNOWN.value})


def is_of_one_mind(facts: TorrentFacts) -> bool:
    """Whether the same holds for every recording of the torrent."""
    return len(facts.mining) == 1


def rules_of(
    site: ServedAt, facts: TorrentFacts, files: Iterable[ListedFile]
) -> list[dict[str, Any]]:
    """Return the lines of tdmrep.json for one volume.

    A volume of one mind takes sixteen: its objects lie in folders that begin with a hexadecimal
    digit, while its lists, which are nobody's reserved work, do not.

    Args:
        site: Where it is served.
        facts: Of the volume.
        files: Its listing; not read when the volume is of one mind.
    """
    folder = f"{site.path}volumes/{facts.name}/"
    if is_of_one_mind(facts):
        (word,) = facts.mining
        return [_rule(site, f"{folder}{digit}*", word) for digit in _DIGITS]
    spoken = (file for file in files if file.tdm not in ("", Tdm.UNKNOWN.value))
    return [_rule(site, f"{folder}{file.path}", file.tdm) for file in spoken]


def _rule(site: ServedAt, location: str, word: str) -> dict[str, Any]:
    if word == Tdm.NOT_RESERVED.value:
        return {"location": location, "tdm-reservation": 0}
    policy = {"tdm-policy": site.policy_url} if site.policy_url else {}
    return {"location": location, "tdm-reservation": 1, **policy}


def policy(site: ServedAt) -> dict[str, Any]:
    """Return the policy of what is reserved: consent is the right holder's to give."""
    title = plain(site.title)
    contact = {}
    if site.base:
        contact = {"vcard:hasURL": site.base}
    elif "@" in site.address:
        contact = {"vcard:hasEmail": f"mailto:{site.address}"}
    return {
        "@context": [
            "http://www.w3.org/ns/odrl.jsonld",
            {"tdm": "http://www.w3.org/ns/tdmrep#", "vcard": "http://www.w3.org/2006/vcard/ns#"},
        ],
        "@type": "Offer",
        "profile": "http://www.w3.org/ns/tdmrep",
        "uid": site.policy_url or POLICY,
        "description": f"{SENTENCE} Consent for what is reserved is the right holder's to give; "
        "this archive passes a question on.",
        "assigner": {"uid": site.base or title, "vcard:fn": title, **contact},
        "permission": [
            {
                "target": f"{site.base}volumes/",
                "action": "tdm:mine",
                "duty": [{"action": "obtainConsent"}],
            }
        ],
    }
