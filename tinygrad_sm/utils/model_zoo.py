"""Downloads of weights, by their older name: left out; every name here raises when it is used."""

from ..left_out import contents

__getattr__ = contents(__name__)
