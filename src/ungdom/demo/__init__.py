"""A synthetic national case load: invented people, and histories that the engine itself has allowed, step by step."""
