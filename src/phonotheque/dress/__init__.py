"""Copies in other clothes: originals with current tags, and the way back from any copy."""
