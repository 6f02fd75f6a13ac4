"""Guards: the conditions of the moves. Each is named after the fact that must hold, and returns None if it does."""
