"""Sound on its way out: ranges, whole albums, slow takers."""
