"""Answers about one case, computed from its history and the rules. Pure."""
