"""Events: record, correct, annul, and what may be recorded next."""
