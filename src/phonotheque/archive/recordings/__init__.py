"""What is done with recordings: rights and corrections, likeness, copies and the way back."""
