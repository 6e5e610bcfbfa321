"""A tree and a model to a typed tree."""
