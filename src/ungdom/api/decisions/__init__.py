"""Decisions pushed by prosecution systems, and their receipts."""
