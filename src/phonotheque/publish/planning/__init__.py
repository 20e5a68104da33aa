"""What becomes of every known recording, in which order, and how much of all listening that is."""
