"""Every fuzz target for a bounded number of inputs; `make fuzz` runs them for longer."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.fuzz.mutation import inputs
from tests.fuzz.targets import TARGETS

#: About a second each.
COUNTS = {"conversations": 400, "configurations": 120}


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_does_harm(name: str) -> None:
    target = TARGETS[name]
    for data in islice(inputs(target, 20261123), COUNTS.get(name, 8000)):
        target.run(data)
