"""The tests. What they start may keep its bytecode: without it every process compiles all its libraries anew."""

import os
import sys

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
