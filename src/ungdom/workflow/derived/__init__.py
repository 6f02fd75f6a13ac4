"""Facts about single aspects of a case, derived from its history before any rule is applied. Pure."""
