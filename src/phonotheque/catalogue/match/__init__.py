"""Matching: which recording of the catalogue a line of somebody's list means, or that none is."""
