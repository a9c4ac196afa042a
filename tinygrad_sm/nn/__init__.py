"""Layers, losses and what holds them together, with PyTorch's names."""

from . import attention, functional, init, modules, parallel, parameter, utils
from .modules import *
from .modules.module import Module
from .parallel import DataParallel
from .parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter
