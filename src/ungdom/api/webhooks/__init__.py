"""Webhooks: subscriptions, deliveries, resending."""
