"""Objects on a disk: digests, layout, one writer, fixity."""
