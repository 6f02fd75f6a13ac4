"""What the history of a case says about one aspect, before any rule is applied. Pure."""
