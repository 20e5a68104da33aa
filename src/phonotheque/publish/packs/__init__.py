"""Packs: many small things in a few files that are one torrent."""
