"""Text search over cards: the most popular first, as you type, typos forgiven, in any script."""
