"""From sources to a snapshot: one function, in steps that each are done once."""
