"""RSS 2.0 feeds: one for each kind and tier, and one of all, that BitTorrent clients follow.

Laws: every feed is well-formed XML whatever texts stand in the index; the newest come first; what
is not offered any more is in no feed, since clients fetch what they find; an item keeps its `guid`
for ever.

A client reads the address in `<enclosure type="application/x-bittorrent">`. It must be absolute: it
is the .torrent file where the archive says where it is published, else the magnet link.

Source: RSS 2.0 (Harvard, 2003); RFC 4287 for `atom:link rel="self"`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from phonotheque.music.number_words import counted
from phonotheque.music.tdm_statement import SENTENCE
from phonotheque.publish.index.lines import TorrentLine
from phonotheque.publish.pages.rows import health_words, licence_mix, magnet_of
from phonotheque.publish.pages.site import GONE, Site
from phonotheque.publish.pages.texts import format_size, group_words, plain

MOST_ITEMS = 250
"""Items in a feed. A client that looks once a day misses nothing unless more are sealed in a day;
whoever wants all takes the list."""


def feed_files(site: Site) -> list[tuple[str, bytes]]:
    """Return path and bytes of each feed."""
    whole = [("feeds/all.xml", _feed(site, "all.xml", "everything", site.offered))]
    return whole + [
        (
            f"feeds/{group.slug}.xml",
            _feed(site, f"{group.slug}.xml", group.words, group.lines),
        )
        for group in site.groups
        if group.kind != GONE
    ]


def _feed(site: Site, name: str, words: str, lines: tuple[TorrentLine, ...]) -> bytes:
    title = plain(site.header.title or site.header.name)
    newest = sorted(lines, key=lambda line: (line.added, line.id), reverse=True)[:MOST_ITEMS]
    address = site.address
    self_link = (
        f'<atom:link href={quoteattr(f"{address}feeds/{name}")} rel="self" '
        'type="application/rss+xml"/>\n'
        if address
        else ""
    )
    link = address or f"urn:uuid:{plain(site.header.archive)}"
    head = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">\n<channel>\n'
        f"<title>{escape(f'{title}: {words}')}</title>\n<link>{escape(link)}</link>\n{self_link}"
        f"<description>{escape(f'Torrents of {title}, the newest {MOST_ITEMS}.')}</description>\n"
        f"<language>en</language>\n<copyright>{escape(SENTENCE)}</copyright>\n"
        f"{_dated('lastBuildDate', site.header.created)}<ttl>720</ttl>\n"
    )
    items = "".join(_item(site, line) for line in newest)
    return f"{head}{items}</channel>\n</rss>\n".encode()


def _item(site: Site, line: TorrentLine) -> str:
    magnet = magnet_of(site, line)
    file = f"{site.address}{quote(line.id)}.torrent"
    url, length = (file, line.torrent_bytes) if site.address else (magnet, 0)
    about = (
        f"{group_words(line.kind, line.tier)}. {format_size(line.size_bytes)} in "
        f"{counted(line.files, 'file')}; licences: {licence_mix(line)}; {health_words(site, line)}."
    )
    return (
        f"<item>\n<title>{escape(plain(line.id))}</title>\n<link>{escape(magnet)}</link>\n"
        f'<guid isPermaLink="false">urn:btmh:1220{escape(line.v2)}</guid>\n'
        f"{_dated('pubDate', line.added)}<category>{escape(plain(line.kind))}</category>\n"
        f"<description>{escape(about)}</description>\n"
        f'<enclosure url={quoteattr(url)} length="{length}" type="application/x-bittorrent"/>\n'
        "</item>\n"
    )


def _dated(tag: str, instant: str) -> str:
    """An element with an instant as RFC 822 writes it; nothing when it is no instant."""
    try:
        when = datetime.fromisoformat(instant)
    except ValueError:
        return ""
    return f"<{tag}>{format_datetime(when.replace(tzinfo=when.tzinfo or UTC))}</{tag}>\n"
