"""An archive as a whole: founding, opening, verifying, rebuilding, exporting."""
