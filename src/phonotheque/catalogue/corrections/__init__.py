"""Corrections to what the catalogue says: what may be corrected, and how a build takes it in."""
