"""Coordination groups: the standing contacts of the agencies, per konfliktråd."""
