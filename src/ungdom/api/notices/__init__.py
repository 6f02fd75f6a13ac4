"""Notices and how somebody wants to receive them."""
