"""The worklist: tasks by actor and deadline."""
