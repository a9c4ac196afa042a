"""JAX's transforms without ``jit``: each operation runs when it is met, as everywhere here."""
