"""Look-up: the file of a snapshot that answers "what is this?" for one or a thousand at once."""
