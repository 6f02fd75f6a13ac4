"""Delivery of outgoing messages: claim, send, wait, retry, dead letters."""
