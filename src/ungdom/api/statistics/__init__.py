"""Statistics of lead time, completion and recidivism."""
