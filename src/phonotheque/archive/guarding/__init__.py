"""The guard of one archive: case book, what people wrote, what the listening door is told."""
