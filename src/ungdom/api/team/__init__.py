"""The follow-up team of a case and what each member may learn."""
