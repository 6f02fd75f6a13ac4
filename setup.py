"""The migrations, which stand beside the source in a checkout, are part of the wheel: `ungdom/store/migrations`."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithMigrations(build_py):
    """Copies the migrations into what is built; an editable installation finds them in the checkout."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "ungdom" / "store" / "migrations"
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree("migrations", target, ignore=shutil.ignore_patterns("__pycache__"))


setup(cmdclass={"build_py": BuildWithMigrations})
