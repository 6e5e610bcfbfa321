"""What may be asked: entity types, their sources and their writers."""
