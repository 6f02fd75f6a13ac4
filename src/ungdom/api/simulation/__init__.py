"""Simulations of rules over the stored cases."""
