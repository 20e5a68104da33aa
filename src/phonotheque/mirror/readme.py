"""`README.txt` of every mirror: how to check and read it with coreutils alone."""

README = """\
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

  for f in objects/??/??/*; do
    n=${f##*/}; printf '%s  %s\\n' "${n%%.*}" "$f"
  done | sha256sum --check --quiet

No output means that every file is exact.

CHECK ONE VOLUME

  cd volumes/VOLUME
  sha256sum --check --quiet lists/VOLUME/SHA256SUMS

Recordings that the archive removed are missing there; published/tombstones.jsonl names them.

LIST ITS TRACKS (title, artists, release, licence)

  cut -f 4-7 objects/lists/VOLUME/manifest.tsv

COPY ITS TRACKS OUT UNDER READABLE NAMES

  mkdir out
  { read -r header
    while IFS='\t' read -r sha size path title artists release licence; do
      name="$artists - $title"
      cp "objects/$path" "out/${name//\\//_}.${path##*.}"
    done
  } < objects/lists/VOLUME/manifest.tsv

(In the last command the character between the quotes after IFS= is a tab. It needs bash.)

GIVE IT BACK

When the archive itself is lost, everything here helps to bring it back, whole or in part: keep this
disk, and tell others who keep copies. `phono mirror restore` does it; without it the commands above
do.
"""
"""The text; its commands run in a test."""
