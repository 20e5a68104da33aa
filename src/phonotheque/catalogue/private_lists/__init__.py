"""Private lists: somebody's playlist or listening history, kept where it can be erased."""
