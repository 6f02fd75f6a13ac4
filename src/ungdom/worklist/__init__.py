"""Tasks across cases, the agenda of an office, and nightly consistency checks."""
