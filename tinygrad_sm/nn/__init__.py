"""Layers, losses and what holds them together, with PyTorch's names."""

from . import functional, init, modules, parameter, utils
from .modules import *  # noqa: F403
from .modules.module import Module
from .parameter import Buffer, Parameter
