"""Complaints and reversals in a case."""
