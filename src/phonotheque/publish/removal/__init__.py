"""Removal: what is let go for a reason, and everything that follows from it."""
