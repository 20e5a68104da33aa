"""Rules that services use today, behind the same interface as the guard's own detector."""
