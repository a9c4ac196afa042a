"""Around training: data."""

from . import data
