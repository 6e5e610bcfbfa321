"""Entity types from what people have already: a file for each source, all publish in `narrowing`."""
