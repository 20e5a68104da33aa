"""The volunteer's side: what is followed, chosen, fetched, kept whole, given back, told."""
