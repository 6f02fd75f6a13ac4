"""The part of the worker that tells of notices, in a process that loads nothing else."""

from threading import Event

from ungdom import settings
from ungdom.notices import delivery
from ungdom.store.session import Database

if __name__ == "__main__":
    config = settings.from_environment()
    delivery.run_until_stopped(delivery.from_settings(config, Database.open(config.database_url)), Event(), 0.1)
