"""The catalogue of an archive: made, asked, shown, written whole."""
