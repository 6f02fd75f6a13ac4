"""The breach cases of a case."""
