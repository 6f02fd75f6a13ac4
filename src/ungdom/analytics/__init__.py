"""Figures over many cases: estimators of waiting times, and how likely a case is to pass a limit."""
