"""Telling people and systems: who is told of what, by which way, and the run that brings it to them.

What has happened lies in the outbox. `fanout` makes of each message one row for every receiver, `delivery` brings the
rows to their receivers: to webhooks at once, to people by one e-mail a day beside the inbox in the product.
"""
