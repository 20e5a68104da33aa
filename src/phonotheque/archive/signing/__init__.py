"""Keys that sign for an archive, until when their signatures count, and how they are checked."""
