"""A small made-up label: music, covers and texts computed from nothing, for `phono demo`."""
