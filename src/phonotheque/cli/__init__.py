"""The command `phono`: parse, resolve, act. No decisions live here."""
