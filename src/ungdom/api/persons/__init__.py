"""Persons: search, read, and questions of identity."""
