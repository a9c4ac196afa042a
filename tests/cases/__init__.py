"""Cases of every operation, a module a family, gathered in ``CASES`` and ``DRAWN``."""

from importlib import import_module
from pkgutil import iter_modules

from .registry import CASES, DRAWN, Case, Drawn

for module in iter_modules(__path__):
    import_module(f".{module.name}", __name__)

__all__ = ["CASES", "DRAWN", "Case", "Drawn"]
