"""Pure values and decisions that all rooms share; nothing here meets the world."""
