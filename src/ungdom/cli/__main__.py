"""`python -m ungdom.cli`."""

from ungdom.cli import main

main()
