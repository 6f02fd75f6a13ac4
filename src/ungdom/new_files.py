"""New files that get their name once they are whole, and never replace another one."""

import os
from pathlib import Path


def name_new(unfinished: Path, path: Path) -> None:
    """Gives the file its name. Raises `FileExistsError` where there is one: a renaming would replace it."""
    try:
        os.link(unfinished, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        path.touch(exist_ok=False)
        unfinished.replace(path)
    else:
        unfinished.unlink()
