"""Persons: read, search, correct, merge and split, and the events of the population register.

Each function takes an open transaction and commits nothing. What one call writes is written together. Who sees a person
follows from who sees a case of the person: docs/persons.md.
"""
