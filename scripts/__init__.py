"""Programs for those who work on Phonotheque; none of them is part of the product."""
