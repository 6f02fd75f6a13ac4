"""Official messages in and out."""
