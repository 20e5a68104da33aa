"""`README.txt` of every mirror: how to check and read it with coreutils alone."""

from phonotheque.store.by_hand import CHECK_FILES, CHECK_VOLUME, COPY_OUT, LIST_TRACKS

README = f"""\
THIS DISK HOLDS COPIES OF MUSIC ARCHIVES
========================================

It is a mirror, made by Phonotheque, but nothing of Phonotheque is needed to read it. The commands
below use a POSIX shell and GNU coreutils (ls, cut, cat, sha256sum, cp, mkdir, printf) and nothing
else. Run them in the folder of one archive: cd archives/NAME

WHAT IS WHERE, in archives/NAME

  objects/ab/cd/<sha256>.<ext>   recordings as the archive received them, named by the SHA-256 of
                                 their bytes; the first four digits are the two folders
  objects/lists/<volume>/        plain-text lists of each volume that is held
  volumes/<volume>               each points to objects/: the folder of that volume's torrent
  published/                     what the archive published and signed, byte for byte: the list of
                                 all torrents, torrents, packs, removals, fact sheet
  journal.jsonl                  what this mirror fetched, checked, repaired and let go, and when
  trust/                         whose signatures are believed
  state/                         work under way; may be deleted while nothing runs

CHECK EVERY RECORDING

{CHECK_FILES}
No output means that every file is exact.

CHECK ONE VOLUME

{CHECK_VOLUME}
Recordings that the archive removed are missing there; published/tombstones.jsonl names them.

{LIST_TRACKS}
{COPY_OUT}
GIVE IT BACK

When the archive itself is lost, everything here helps to bring it back, whole or in part: keep this
disk, and tell others who keep copies. `phono mirror restore` does it; without it the commands above
do.
"""
"""The text; its commands run in a test."""
