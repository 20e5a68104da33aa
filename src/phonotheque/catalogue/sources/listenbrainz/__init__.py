"""ListenBrainz as a source: what was heard is counted, who heard it is dropped."""
