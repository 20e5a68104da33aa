"""The way in: from a folder of files to objects with provenance and rights."""
