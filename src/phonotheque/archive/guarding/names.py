"""Numbers of accounts and recordings, as the detector knows them, and what recordings are of.

Laws: a number stays; there are at most so many accounts, whoever comes, and those that there are go
on; what is known of a recording is asked for when somebody has it for the first time, and again
when somebody has it after the catalogue was built anew, so that an album that becomes known, or is
another one, counts from then on; what was known is not forgotten when the catalogue says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from phonotheque.archive.guarding.descriptions import About, Descriptions
from phonotheque.listen.log import Line

MOST_ACCOUNTS = 1_000_000
NO_ROOM = -1


class Placed(NamedTuple):
    """Where a recording belongs: number of its genre, 0 for none; of its album, -1 for none."""

    genre: int
    album: int


@dataclass
class Names:
    """Numbers of accounts and recordings, in the order in which they came.

    Attributes:
        accounts, items: Numbers by name.
        called: Names of accounts, by number.
        addresses: Accounts that are addresses.
        genres, albums: Numbers of those that have a name; a recording of which no album is known
            has a number for itself.
        last_album: The highest of those; -1 before the first.
        version: Names the catalogue that answered last.
        edition: How often it was another one.
        asked: Of each recording, at which edition it was asked for.
        new: Where new recordings belong, until the detector has taken them in.
        placed: Where others belong of which something was asked again, likewise, by number.
    """

    accounts: dict[str, int] = field(default_factory=dict)
    called: list[str] = field(default_factory=list)
    items: dict[str, int] = field(default_factory=dict)
    genres: dict[str, int] = field(default_factory=dict)
    albums: dict[str, int] = field(default_factory=dict)
    addresses: set[int] = field(default_factory=set)
    last_album: int = -1
    version: str = ""
    edition: int = 0
    asked: list[int] = field(default_factory=list)
    new: list[Placed] = field(default_factory=list)
    placed: dict[int, Placed] = field(default_factory=dict)

    def account(self, line: Line, most: int) -> int:
        """Number of who asked; `NO_ROOM` when it is a new one and there are so many already.

        Raises:
            ValueError: It is no account as the door writes one.
        """
        name = line.account or line.address
        number = self.accounts.get(name)
        if number is None:
            if len(bytes.fromhex(name)) != 8:
                raise ValueError(f"{name} is no account")
            if len(self.accounts) >= most:
                return NO_ROOM
            number = self.accounts[name] = len(self.accounts)
            self.called.append(name)
            if not line.account:
                self.addresses.add(number)
        return number

    def look(self, descriptions: Descriptions) -> None:
        """Notice that the catalogue was built anew."""
        version = descriptions.version()
        if version != self.version:
            self.version, self.edition = version, self.edition + 1

    def item(self, name: str, descriptions: Descriptions) -> int:
        """Number of a recording. Raises `ValueError` when it is none."""
        number = self.items.get(name)
        if number is None:
            if str(UUID(name)) != name:
                raise ValueError(f"{name} is no gid")
            number = self.items[name] = len(self.items)
            placed = self._place(descriptions.of(name))
            self.new.append(
                placed._replace(album=self._own() if placed.album < 0 else placed.album)
            )
            self.asked.append(self.edition)
        elif self.asked[number] != self.edition:
            self.placed[number] = self._place(descriptions.of(name))
            self.asked[number] = self.edition
        return number

    def _place(self, about: About) -> Placed:
        genre, album = 0, -1
        if about.genre:
            genre = self.genres.setdefault(about.genre, len(self.genres) + 1)
        if about.album:
            album = self.albums.get(about.album, -1)
            if album < 0:
                album = self.albums[about.album] = self._own()
        return Placed(genre, album)

    def _own(self) -> int:
        self.last_album += 1
        return self.last_album
