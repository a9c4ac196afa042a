"""Windows of signals: left out, but for those of the top level, such as ``hann_window``."""

from .left_out import contents

__getattr__ = contents(__name__)
