"""What a guard remembers of accounts and tracks, and how an event changes it."""
