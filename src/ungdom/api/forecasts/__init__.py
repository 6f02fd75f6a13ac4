"""Forecasts of waiting times."""
