"""Cases: open, list, read; what every view of one case has in common."""
