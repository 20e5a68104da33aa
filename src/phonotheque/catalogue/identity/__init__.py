"""Which entities of different sources are one: links with a reason and a confidence, no merging."""
