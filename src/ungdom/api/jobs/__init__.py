"""Jobs that run by themselves: start one, read its runs."""
