"""Text to tree and back, without a model."""
