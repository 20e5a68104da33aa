"""The bulk door of an archive: planned, published, signed, laid out, taken down."""
