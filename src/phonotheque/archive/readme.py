"""`README.txt` of every archive: how to check and restore it with coreutils alone."""

from phonotheque.store.by_hand import CHECK_FILES, CHECK_VOLUME, COPY_OUT, LIST_TRACKS

README = f"""\
THIS FOLDER IS A MUSIC ARCHIVE
==============================

It was made by Phonotheque, but nothing of Phonotheque is needed to read it. The commands below use
a POSIX shell and GNU coreutils (ls, cut, cat, sha256sum, cp, mkdir, printf) and nothing else. Run
them in this folder.

WHAT IS WHERE

  objects/ab/cd/<sha256>.<ext>   the files as they were received, named by the SHA-256 of their
                                 bytes; the first four digits are the two folders
  objects/lists/<volume>/        plain-text lists of each published volume
  volumes/<volume>               each points to objects/: the folder of that volume's torrent
  register/000001.jsonl ...      what came in, when, from where, under which terms: one JSON
                                 object a line; the authority
  published/                     what is published: torrents and lists
  people.sqlite                  names of depositors and texts of evidence; keep it private
  state/                         caches; may be deleted while nobody writes

CHECK EVERY FILE

{CHECK_FILES}
No output means that every file is exact. Names that are reported differ from what was received.

CHECK ONE PUBLISHED VOLUME

{CHECK_VOLUME}
{LIST_TRACKS}
The columns of manifest.tsv are: sha256, size in bytes, path, title, artists, release, licence;
"-" stands where nothing is known.

{COPY_OUT}
CHECK THE REGISTER

Each line holds, as "prev", the SHA-256 of the line before it with its newline:

  head -n 5 register/000001.jsonl | tail -n 1 | sha256sum
  head -n 6 register/000001.jsonl | tail -n 1 | cut -c 1-90

The digest that the first command prints stands in the line that the second one prints.
"""
"""The text; its commands run in a test."""
