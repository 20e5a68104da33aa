"""Keeping what is held: proven again, handed out, and made again where it was lost."""
