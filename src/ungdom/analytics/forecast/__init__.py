"""Forecasts of waiting times from completed and running waits."""
