"""Nobody notices that tokens expire, and the provider is not asked more often than it has to be."""

from __future__ import annotations

import pytest

from tests.gateway.working_day import simulate


@pytest.mark.parametrize("replicas", [1, 3])
async def test_a_working_day(replicas: int) -> None:
    people = 150
    day = await simulate(people, replicas)
    assert day.requests > people * 60
    assert day.lost == 0
    # Only somebody who had been away for longer than a token lives could notice that the provider was.
    assert day.unavailable < people / 10
    # A token lives 75 minutes and is renewed a quarter of an hour before: about one request an hour, and one more
    # for a replica that does not get to see the browser's new copy in time.
    assert sum(day.token_requests.values()) <= people * 8 * (1.1 if replicas == 1 else 1.7)
