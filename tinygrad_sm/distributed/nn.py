"""Collectives that are differentiable: left out; every name here raises when it is used."""

from ..left_out import contents

__getattr__ = contents(__name__)
