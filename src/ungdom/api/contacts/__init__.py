"""Contact channels of the people around a case."""
