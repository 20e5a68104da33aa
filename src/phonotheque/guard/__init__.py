"""Notices who copies a catalogue out through a listening door; usable alone, for any service."""
