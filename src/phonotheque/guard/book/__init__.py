"""The case book: what was decided about whom and why, in lines that follow from each other."""
