"""The conditions of the moves. Each is named as the fact that must hold; content, it says nothing."""
