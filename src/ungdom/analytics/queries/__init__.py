"""Figures read from the database, for the API, the command line and releases."""
