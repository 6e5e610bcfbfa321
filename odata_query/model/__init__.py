"""Models: what clients may query, read from sources and written as documents."""
