"""Sources of entity types, one file each. All publish through `publishing`."""
