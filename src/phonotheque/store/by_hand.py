"""How stored objects are checked, listed and copied with coreutils alone, as README files tell it.

One text for every folder that is laid out as an archive: its objects, and the lists of its volumes.
The commands stand indented, each block below a line of capitals; they run in tests.
"""

CHECK_FILES = """\
  for f in objects/??/??/*; do
    n=${f##*/}; printf '%s  %s\\n' "${n%%.*}" "$f"
  done | sha256sum --check --quiet
"""
"""Silent when every object is what its name says."""

CHECK_VOLUME = """\
  cd volumes/VOLUME
  sha256sum --check --quiet lists/VOLUME/SHA256SUMS
"""
"""Silent when a volume has all that its own list names."""

LIST_TRACKS = """\
LIST ITS TRACKS (title, artists, release, licence)

  cut -f 4-7 objects/lists/VOLUME/manifest.tsv
"""

COPY_OUT = """\
COPY ITS TRACKS OUT UNDER READABLE NAMES

  mkdir out
  { read -r header
    while IFS='\t' read -r sha size path title artists release licence; do
      name="$artists - $title"
      cp "objects/$path" "out/${name//\\//_}.${path##*.}"
    done
  } < objects/lists/VOLUME/manifest.tsv

(In the last command the character between the quotes after IFS= is a tab. It needs bash.)
"""
