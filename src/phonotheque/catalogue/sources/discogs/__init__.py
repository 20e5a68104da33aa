"""Discogs from its monthly dumps: artists, labels, masters and releases in XML, under CC0."""
