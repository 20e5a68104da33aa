"""Who copies a catalogue out, told from the access log of any service."""
