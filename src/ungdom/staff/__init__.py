"""Members of staff: their entries, their absences, and cases that go from one of them to another.

Each function takes an open transaction and does not commit it.
"""
