"""The check of a parsed tree against a model, which makes the typed tree."""
