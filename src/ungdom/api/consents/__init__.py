"""Consents in a case, and the right to be heard."""
