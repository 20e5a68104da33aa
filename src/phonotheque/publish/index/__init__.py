"""The index: the signed list of all torrents that are offered, and of all that once were."""
