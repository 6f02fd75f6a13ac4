"""Released tables."""
