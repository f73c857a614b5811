"""What every test here has: the service, and an organisation on it that speaks all four dialects."""

import os

import pytest

from organisation import Organisation, Place

from desk import Desk

# The service is on this machine, whatever proxy there is for others. It holds for curl and Node, too.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"


@pytest.fixture(scope="session")
def desk():
    desk = Desk(Place("https://meet.example.org"))
    yield desk
    desk.stop()


@pytest.fixture(scope="module")
def org(desk):
    """One for all tests of a file."""
    return Organisation(desk)


@pytest.fixture
def other(desk):
    """Another one, whose settings a test may change."""
    return Organisation(desk)
