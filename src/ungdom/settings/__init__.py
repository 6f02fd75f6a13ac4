"""The settings of an installation. Each is an environment variable whose name begins with `UNGDOM_`.

`model` has the table of settings and their rules, `environment` reads them, `keys` creates and validates keys, `files`
stores what a development installation generates for itself. The table as a page: docs/settings.md.
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
    """The settings in the environment of this process, or in these variables.

    Raises `BadSettings` with one line per setting that is missing, wrong or unknown.
    """
    from ungdom.settings import environment  # noqa: PLC0415  # who hands settings in does not load pydantic-settings

    return environment.read(os.environ if environ is None else environ)
