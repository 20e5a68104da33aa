"""Who signs for an archive, what is signed, and how a stranger proves it."""
