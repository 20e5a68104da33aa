"""Pages of cases: staff and the person concerned read the same, and either may write."""
