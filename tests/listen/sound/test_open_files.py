"""What is open stays open while somebody has it, and no longer than it may."""

from __future__ import annotations

from phonotheque.archive.listening.open_files import OpenFiles


class _File:
    """Something open; it may hold a lease of another one, as a dressed copy does of its master."""

    def __init__(self, under=None):
        self.is_open = True
        self._under = under

    def close(self):
        self.is_open = False
        if self._under is not None:
            self._under.close()


def test_who_has_a_file_has_it_open():
    """More are open than there may be while they are in use; then the oldest are closed."""
    files = OpenFiles(most=2)
    leases = [files.take(number, _File) for number in range(5)]
    assert all(lease.value.is_open for lease in leases)
    for lease in leases:
        lease.close()
        lease.close()
    last = files.take("last", _File)
    assert [lease.value.is_open for lease in leases] == [False, False, False, False, True]
    files.close()
    assert last.value.is_open
    last.close()
    assert not last.value.is_open


def test_the_same_is_opened_once_and_again_when_it_is_another():
    """Two who ask for one thing have one file, until what is open is not current any more."""
    files = OpenFiles()
    one, other = files.take("a", _File), files.take("a", _File)
    assert one.value is other.value
    new = files.take("a", _File, lambda _: False)
    assert new.value is not one.value
    assert files.taken("b", lambda _: True) is None
    one.close()
    assert one.value.is_open
    other.close()
    assert not one.value.is_open
    assert new.value.is_open


def test_a_file_that_holds_another_gives_it_back():
    """A dressed copy lets go of its original when it is closed: by itself, or for want of room."""
    files = OpenFiles(most=2)
    made = []

    def dressed():
        made.append(_File(files.take("master", _File)))
        return made[-1]

    for number in range(4):
        files.take(number, dressed).close()
    files.close()
    assert not any(one.is_open for one in made)
