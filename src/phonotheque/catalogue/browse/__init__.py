"""Browse: the file of a snapshot that answers "what is there of this?", page by page, and draws."""
