"""Decisions of prosecution systems and courts: taken once each, in whatever order they come."""
