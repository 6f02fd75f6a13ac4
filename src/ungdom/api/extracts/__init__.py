"""Extracts for analysts: downloads, jobs and schedules."""
