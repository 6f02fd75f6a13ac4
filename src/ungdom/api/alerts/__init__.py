"""Alerts: read, acknowledge, put off, and withdraw."""
