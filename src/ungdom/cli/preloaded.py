"""The service as imported by the process that worker processes are forked from, so that they share its memory.

Nothing imported here may start a thread or open a connection: a fork lacks the one and shares the other.
"""

import gc

from ungdom.lazy import uncollected

with uncollected():
    import ungdom.app
    import ungdom.cli.serving  # noqa: F401  # imported to be there in the workers

gc.collect()
gc.freeze()  # a collection in a worker would write to the shared pages
