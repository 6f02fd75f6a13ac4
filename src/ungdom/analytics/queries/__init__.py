"""Figures read from the database: what the API, the command line and releases ask for."""
