"""Whether a group of accounts shares out a catalogue: its members overlap less than people do."""
