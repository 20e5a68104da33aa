"""Phonotheque: an open music archive that anyone can mirror and prove."""

__version__ = "0.1.0"
