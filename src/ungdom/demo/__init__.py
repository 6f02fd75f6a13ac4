"""A synthetic national case load: invented people, and histories in which the engine has allowed every step."""
