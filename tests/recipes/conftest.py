"""The copy of the tree that recipes are applied to: one per worker, reset after each test."""

from collections.abc import Iterator

import pytest

from tests.recipes.applying import Tree


@pytest.fixture(scope="session")
def copy_of_the_tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    tree = Tree(tmp_path_factory.mktemp("tree"))
    yield tree
    tree.close()


@pytest.fixture
def tree(copy_of_the_tree: Tree) -> Iterator[Tree]:
    yield copy_of_the_tree
    copy_of_the_tree.reset()
