"""Charts of the catalogue: a question, the query that answers it, the finding, the picture."""
