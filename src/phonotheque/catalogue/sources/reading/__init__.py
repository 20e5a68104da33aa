"""Bytes of dumps, whatever they are packed in: streams, files within archives, lines."""
