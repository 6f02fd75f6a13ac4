"""Members of staff, their absences, and cases that go from one of them to another."""
