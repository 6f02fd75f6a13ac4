"""Surveys of participants and their results."""
