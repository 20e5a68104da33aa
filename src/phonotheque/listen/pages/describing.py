"""What a page says of its thing to other machines: OpenGraph, schema.org, the licence.

Laws: values only; nothing is said that the page itself does not say; what is unknown is left out.

Source: schema.org 29 (MusicRecording, MusicAlbum, MusicGroup, Organization, DataCatalog),
ogp.me (music.song, music.album, profile).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from phonotheque.listen.pages.playable import cover_path
from phonotheque.listen.pages.said import PATHS, say_licence
from phonotheque.listen.pages.words import Words
from phonotheque.listen.values import Album, Artist, Hit, Label, Song
from phonotheque.publish.pages.texts import plain


@dataclass(frozen=True, slots=True)
class About:
    """What the head of a page says.

    Attributes:
        path: Of the page.
        kind: Type in OpenGraph.
        picture: Path of a picture; "" for none.
        properties: Further properties of OpenGraph.
        licence: Address of the licence of the thing; "" when it has none.
        schema: The thing in schema.org, as JSON-LD has it.
        embed: Whether there is a player of it for other pages.
    """

    path: str
    title: str
    description: str
    kind: str
    schema: dict[str, Any]
    picture: str = ""
    properties: tuple[tuple[str, str], ...] = ()
    licence: str = ""
    embed: bool = False


@dataclass(frozen=True, slots=True)
class Describer:
    """Writes what heads say.

    Attributes:
        origin: Where this door is, without a slash at its end.
        archive: Its name.
    """

    origin: str
    archive: str
    words: Words = field(default_factory=Words)

    def house(self, about: str) -> About:
        """The archive itself.

        Args:
            about: A sentence of what it is.
        """
        schema = {
            "@type": "WebSite",
            "name": self.archive,
            "url": f"{self.origin}/",
            "potentialAction": {
                "@type": "SearchAction",
                "target": f"{self.origin}/search?q={{q}}",
                "query-input": "required name=q",
            },
        }
        return About("/", self.archive, about, "website", _schema(schema))

    def song(self, song: Song) -> About:
        """A song."""
        hit = song.hit
        licence = say_licence(self.words, hit.licence).address
        schema = {
            "@type": "MusicRecording",
            **self._named(hit),
            "byArtist": self._artist(hit),
            "duration": _duration(hit.length_ms),
            "isrcCode": hit.isrc,
            "genre": list(hit.genres) or None,
            "license": licence or None,
            "inAlbum": {"@type": "MusicAlbum", "name": hit.album.name} if hit.album else None,
            "isAccessibleForFree": hit.is_free or None,
        }
        seconds = str(round(hit.length_ms / 1000)) if hit.length_ms else ""
        return About(
            _path(hit),
            plain(hit.title),
            self._sentence(hit),
            "music.song",
            _schema(schema),
            cover_path(hit, 500),
            (("music:duration", seconds),) if seconds else (),
            licence,
            hit.is_held,
        )

    def album(self, album: Album) -> About:
        """An album with its songs."""
        hit = album.hit
        licence = say_licence(self.words, hit.licence).address
        tracks = [
            {"@type": "MusicRecording", "position": place, **self._track(track.title, track.song)}
            for place, track in enumerate(album.tracks, 1)
        ]
        schema = {
            "@type": "MusicAlbum",
            **self._named(hit),
            "byArtist": self._artist(hit),
            "datePublished": str(hit.year) if hit.year else None,
            "genre": list(hit.genres) or None,
            "license": licence or None,
            "numTracks": len(tracks) or None,
            "track": tracks or None,
        }
        has_sound = any(track.song and track.song.is_held for track in album.tracks)
        return About(
            _path(hit),
            plain(hit.title),
            self._sentence(hit),
            "music.album",
            _schema(schema),
            cover_path(hit, 500),
            (("music:release_date", str(hit.year)),) if hit.year else (),
            licence,
            has_sound,
        )

    def artist(self, artist: Artist) -> About:
        """An artist."""
        schema = {
            "@type": "MusicGroup",
            **self._named(artist.hit),
            "sameAs": [link.address for link in artist.links if link.address] or None,
        }
        title = plain(artist.hit.title)
        said = str(self.words("Music by {name}.", name=title).unescape())
        return About(_path(artist.hit), title, said, "profile", _schema(schema))

    def label(self, label: Label) -> About:
        """A label."""
        schema = {
            "@type": "Organization",
            **self._named(label.hit),
            "sameAs": [link.address for link in label.links if link.address] or None,
        }
        title = plain(label.hit.title)
        said = str(self.words("Albums on {name}.", name=title).unescape())
        return About(_path(label.hit), title, said, "website", _schema(schema))

    def _named(self, hit: Hit) -> dict[str, Any]:
        return {
            "name": plain(hit.title),
            "url": f"{self.origin}{_path(hit)}",
            "identifier": str(hit.gid),
        }

    def _track(self, title: str, song: Hit | None) -> dict[str, Any]:
        if song is None:
            return {"name": plain(title)}
        return {
            **self._named(song),
            "name": plain(title),
            **({"duration": _duration(song.length_ms)} if song.length_ms else {}),
        }

    def _artist(self, hit: Hit) -> dict[str, Any] | None:
        if not hit.credit:
            return None
        told: dict[str, Any] = {"@type": "MusicGroup", "name": plain(hit.credit)}
        if hit.artist and hit.artist.gid:
            told["url"] = f"{self.origin}/artist/{hit.artist.gid}"
        return told

    def _sentence(self, hit: Hit) -> str:
        parts = [
            plain(hit.credit or ""),
            str(hit.year or ""),
            say_licence(self.words, hit.licence).name,
        ]
        return ", ".join(part for part in parts if part) or plain(hit.title)


def _path(hit: Hit) -> str:
    return f"{PATHS[hit.kind]}{hit.gid}"


def _schema(told: dict[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in told.items() if value is not None}
    return {"@context": "https://schema.org", **known}


def _duration(length_ms: int | None) -> str | None:
    """ISO 8601: "PT434S"."""
    return f"PT{round(length_ms / 1000)}S" if length_ms else None
