"""Our own holdings as a source: what the archive has, as the makers of its files named it."""
