"""GuardBench: labelled synthetic listeners and farms, and what a detector makes of them."""
