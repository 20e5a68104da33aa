"""What the guard hands out on paper: incident reports, and pictures of the evidence of a case."""
