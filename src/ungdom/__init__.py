"""Case engine for the Norwegian youth sanctions: ungdomsstraff and ungdomsoppfølging."""

__version__ = "0.1.0"
