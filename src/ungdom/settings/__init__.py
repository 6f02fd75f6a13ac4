"""The settings of an installation. Each is an environment variable whose name begins with `UNGDOM_`.

`model` has the table of settings and their rules, `environment` reads them, `keys` makes and judges keys, `files` keeps
what a development installation makes for itself. The table as a page: docs/settings.md.
"""

import os
from collections.abc import Mapping

from ungdom.settings.errors import BadSettings
from ungdom.settings.files import private_folder, read_or_create, read_or_create_secret
from ungdom.settings.model import PUBLIC_URL, Settings

__all__ = [
    "PUBLIC_URL",
    "BadSettings",
    "Settings",
    "from_environment",
    "private_folder",
    "read_or_create",
    "read_or_create_secret",
]


def from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process, or of these variables.

    Raises `BadSettings` that names every setting that is missing, wrong or unknown, a line for each.
    """
    from ungdom.settings import environment  # noqa: PLC0415  # who hands settings in does not load pydantic-settings

    return environment.read(os.environ if environ is None else environ)
