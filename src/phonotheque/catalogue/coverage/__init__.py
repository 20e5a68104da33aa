"""Coverage: of all that is known, what is held, free, missing and rare; as a table and as a map."""
