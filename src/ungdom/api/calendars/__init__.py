"""Calendar feeds with the deadlines of their owner."""
