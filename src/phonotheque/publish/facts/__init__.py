"""Facts that cannot be misread: what is in each torrent, and what a publication is and is not."""
