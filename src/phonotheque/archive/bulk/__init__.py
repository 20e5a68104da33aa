"""The bulk door of an archive: planned, published, laid out, taken down."""
