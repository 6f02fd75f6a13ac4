"""Released tables: what is released, suppression of small counts, and storage."""
