"""The query language: from what a person types to what is asked of search and look-up. Pure."""
