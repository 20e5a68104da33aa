"""Who may sign what is published, how it is signed, and how a stranger proves it."""
