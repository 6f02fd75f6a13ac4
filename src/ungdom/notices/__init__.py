"""Notices to people and systems: their recipients, channels and delivery.

`dispatch` writes one delivery per recipient for each outbox entry. `delivery` sends them: to webhooks at once, to
people as an entry in the inbox and one e-mail per day.
"""
