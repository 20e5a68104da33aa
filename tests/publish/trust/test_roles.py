"""Who may sign: every change follows from the root before, and nobody locks themselves out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.errors import (
    BadRequestError,
    BadSignatureError,
    KeyAwayError,
    MalformedError,
)
from phonotheque.publish.trust import roles
from phonotheque.publish.trust.keys import Key, Ring, decode_key, encode_key, new_key
from phonotheque.publish.trust.roles import SignedRoot, parse_root

UNTIL = datetime(2028, 1, 1, tzinfo=UTC)
ONLINE = new_key()
ROOTS = [new_key() for _ in range(4)]


def first(count: int = 1, threshold: int = 1) -> SignedRoot:
    """A first root with so many keys, signed by all of them."""
    by_role = {roles.ROOT: ROOTS[:count], **{role: [ONLINE] for role in roles.ONLINE}}
    made = roles.first_root(by_role, threshold, UNTIL)
    roles.sign_root(made, None, Ring(ROOTS[:count]))
    return made


def following(before: SignedRoot, *signers: Key) -> SignedRoot:
    """The next root, changed in nothing but its version."""
    made = SignedRoot(roles.next_root(before.signed, UNTIL + timedelta(days=1)))
    roles.sign_root(made, before.signed, Ring(signers))
    return made


@given(st.integers(1, 4), st.data())
def test_k_of_n_root_keys_suffice_and_fewer_do_not(count: int, data: st.DataObject) -> None:
    """A root counts as soon as as many keys signed as must, whichever they are."""
    threshold = data.draw(st.integers(1, count))
    signers = data.draw(st.lists(st.sampled_from(ROOTS[:count]), unique=True))
    before = first(count, threshold)
    made = following(before, *signers)
    missing = max(0, threshold - len(signers))
    assert roles.missing_signatures(made, before.signed) == missing
    if missing:
        with pytest.raises(BadSignatureError):
            parse_root(made.to_bytes(), before.signed, "2.root.json")
    else:
        assert parse_root(made.to_bytes(), before.signed, "2.root.json").signed.version == 2


def test_keys_that_may_not_sign_do_not_count() -> None:
    """A root that only a stranger, or a day-to-day key, signed is refused."""
    before = first()
    made = following(before)
    for key in (new_key(), ONLINE):
        made.sign(key.signer, append=True)
    with pytest.raises(BadSignatureError):
        parse_root(made.to_bytes(), before.signed, "2.root.json")


@pytest.mark.parametrize("wrong", [1, 3])
def test_versions_follow_each_other(wrong: int) -> None:
    """A root is the next one: none is left out, none comes twice."""
    before = first()
    made = following(before)
    made.signed.version = wrong
    roles.sign_root(made, before.signed, Ring(ROOTS))
    with pytest.raises(BadSignatureError, match="version"):
        parse_root(made.to_bytes(), before.signed, "2.root.json")


def test_a_lost_root_key_is_replaced_by_the_others() -> None:
    """With two of three keys the third can be replaced, and then signs no more."""
    before = first(3, 2)
    made = SignedRoot(roles.next_root(before.signed, UNTIL))
    roles.replace(made.signed, [roles.ROOT], ROOTS[0].id, ROOTS[3])
    roles.sign_root(made, before.signed, Ring(ROOTS[1:]))
    after = parse_root(made.to_bytes(), before.signed, "2.root.json")
    assert set(roles.role_keys(after.signed, roles.ROOT).keyids) == {k.id for k in ROOTS[1:]}
    late = following(after, ROOTS[0])
    assert roles.missing_signatures(late, after.signed) == 2


def test_nobody_locks_themselves_out() -> None:
    """No threshold above the number of keys, none below 1; no key dropped that is needed."""
    root = roles.next_root(first(2, 2).signed, UNTIL)
    for wrong in (0, 3):
        with pytest.raises(BadRequestError):
            roles.set_threshold(root, roles.ROOT, wrong)
    with pytest.raises(BadRequestError, match="none can go"):
        roles.drop(root, roles.ROOT, ROOTS[0].id)
    roles.set_threshold(root, roles.ROOT, 1)
    roles.drop(root, roles.ROOT, ROOTS[0].id)
    assert roles.role_keys(root, roles.ROOT) == roles.RoleKeys((ROOTS[1].id,), 1)


def test_a_root_that_is_changed_leaves_the_one_before_alone() -> None:
    """Changes are made to a copy: what counts is never touched."""
    before = first()
    roles.add(roles.next_root(before.signed, UNTIL), "targets", new_key())
    assert roles.role_keys(before.signed, "targets").keyids == (ONLINE.id,)


@pytest.mark.parametrize("data", [b"", b"{}", b"null", b'{"signed":{},"signatures":[]}', b"\xff"])
def test_what_is_no_root_is_refused(data: bytes) -> None:
    """A damaged root is told by name."""
    with pytest.raises(MalformedError, match=r"1\.root\.json"):
        parse_root(data, None, "1.root.json")


def test_the_paper_of_another_role_is_no_root() -> None:
    """What is validly signed, but something else, is refused."""
    from tuf.api.metadata import Metadata, Targets

    with pytest.raises(MalformedError):
        parse_root(Metadata(Targets()).to_bytes(), None, "1.root.json")


def test_a_key_is_read_back() -> None:
    """A key is the same after it was written, and is known by the same id."""
    assert decode_key(encode_key(ONLINE), "k").id == ONLINE.id
    assert ONLINE.id[:8] in repr(ONLINE)


def test_what_is_no_key_of_ours_is_refused() -> None:
    """Other kinds of keys, encrypted ones and other files are told by name."""
    other = rsa.generate_private_key(65537, 2048)
    locked = BestAvailableEncryption(b"secret")
    for data in (
        b"",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        ONLINE.secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked),
    ):
        with pytest.raises(MalformedError, match=r"stick/root\.pem"):
            decode_key(data, "stick/root.pem")


def test_a_key_that_is_away_is_asked_for() -> None:
    """Which role lacks how many keys is said, and where they may be brought."""
    ring = Ring([ROOTS[0]])
    with pytest.raises(KeyAwayError, match="2 must sign and 1 of them"):
        ring.needed("targets", [key.id for key in ROOTS[:2]], 2)
    assert ring.needed("targets", [ROOTS[0].id], 1) == [ROOTS[0]]
