"""Observations of residence and custody, for recidivism."""
