"""One row of everything the API shows."""

from typing import Any

import pytest

from tests.config.world import World, world_of


@pytest.fixture
def world(mike: Any) -> World:
    return world_of(mike)
