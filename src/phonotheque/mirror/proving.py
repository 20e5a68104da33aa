"""Is a file that came the file that was meant? One reading answers, by two proofs at once.

Laws: what `wrong_with` finds nothing wrong with has the length, the v2 root and, for an object, the
SHA-256 that its torrent names; which pieces of a damaged file are good is told by its layer alone.

Source: BEP 52. Not here: where a file lies, what becomes of it.
"""

from __future__ import annotations

from phonotheque.mirror.contents import Part
from phonotheque.music.number_words import counted
from phonotheque.store.digests import TreeDigests

_NODE_BYTES = 32


def pieces_of(part: Part) -> int:
    """Return how many pieces a file has, at least one."""
    return max(1, len(part.layer) // _NODE_BYTES)


def node_of(part: Part, index: int) -> bytes:
    """Return the hash that a torrent has of a piece of a file; of a file of one piece its root."""
    return part.layer[index * _NODE_BYTES :][:_NODE_BYTES] or part.root


def wrong_with(part: Part, tree: TreeDigests) -> str:
    """Return what is wrong with a file that was read, in words; "" when it is exact."""
    if tree.size_bytes != part.size_bytes:
        return f"{tree.size_bytes:,} of {part.size_bytes:,} bytes"
    if tree.pieces_root != part.root:
        bad = len(bad_pieces(part, tree))
        pieces = counted(pieces_of(part), "piece")
        return f"{bad} of {pieces} {'is' if bad == 1 else 'are'} not what the torrent proves"
    if part.name is not None and tree.sha256 != part.name.sha256:
        return f"its bytes hash to {tree.sha256}, and its torrent agrees with them"
    return ""


def is_contradiction(part: Part, tree: TreeDigests) -> bool:
    """Whether the torrent proves bytes that the object's name denies: no copy can ever be right."""
    is_proven = (tree.size_bytes, tree.pieces_root) == (part.size_bytes, part.root)
    return is_proven and part.name is not None and tree.sha256 != part.name.sha256


def bad_pieces(part: Part, tree: TreeDigests) -> list[int]:
    """Return the numbers of the pieces of a file that are not what its torrent proves.

    A file of one piece has the number 0 when it is wrong. Bytes beyond the right length belong to
    no piece; a last piece that was cut or lengthened is bad.
    """
    right = part.layer or part.root
    found = tree.layer or tree.pieces_root
    if not part.layer:
        same = (tree.size_bytes, tree.pieces_root) == (part.size_bytes, part.root)
        return [] if same else [0]
    return [
        at // _NODE_BYTES
        for at in range(0, len(right), _NODE_BYTES)
        if found[at : at + _NODE_BYTES] != right[at : at + _NODE_BYTES]
    ]
