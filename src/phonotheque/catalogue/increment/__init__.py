"""What changed in a catalogue between two dumps, in files that open anywhere, and applied."""
