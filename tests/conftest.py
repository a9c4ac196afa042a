import os
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings

# Quick for every day, deep for .ci/run: both draw the same examples each time, so that a run says of
# a change what it broke. Search (HYPOTHESIS_PROFILE=search) looks for what neither has found.
SLOW = [HealthCheck.too_slow]
settings.register_profile(
    "quick", max_examples=12, deadline=None, suppress_health_check=SLOW, derandomize=True
)
settings.register_profile(
    "deep", max_examples=30, deadline=None, suppress_health_check=SLOW, derandomize=True
)
settings.register_profile("search", max_examples=300, deadline=None, suppress_health_check=SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(scope="session")
def torch() -> ModuleType:
    return pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
