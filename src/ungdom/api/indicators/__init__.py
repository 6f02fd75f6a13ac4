"""Indicators, caseload and other figures of an office."""
