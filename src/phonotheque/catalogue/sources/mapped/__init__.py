"""Anybody's spreadsheets as a source: CSV and JSON lines, read as a mapping file says."""
