"""The whole catalogue in files that open anywhere, and back from them."""
