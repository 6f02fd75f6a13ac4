"""The timeline of a case."""
