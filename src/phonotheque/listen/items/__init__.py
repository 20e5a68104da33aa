"""What is known of one item, its copies, its torrent, and what people say against it."""
