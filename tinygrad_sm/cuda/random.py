"""The random streams of GPUs: there are none, so seeding does nothing."""

from . import (
    get_rng_state,
    get_rng_state_all,
    manual_seed,
    manual_seed_all,
    seed_all,
    set_rng_state,
    set_rng_state_all,
)

__all__ = [
    "get_rng_state",
    "get_rng_state_all",
    "manual_seed",
    "manual_seed_all",
    "seed_all",
    "set_rng_state",
    "set_rng_state_all",
]
