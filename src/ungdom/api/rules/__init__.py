"""The law as data: the table of moves, deadline rules, problem types."""
