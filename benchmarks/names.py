"""``python -m benchmarks.names``: which of PyTorch's names are here, by area, weighted by use.

``pytorch_names.tsv`` lists the names that 178 public programs and PyTorch's documentation use, and how
many of the programs use each. A name with a dot in front is an attribute of some object: of a
tensor, a module, an optimizer ... Three things can be true of a name: it is here, it is left out on
purpose (using it raises ``NotImplementedError`` that says so), or it is missing.

    python -m benchmarks.names              # the table, as the README has it
    python -m benchmarks.names --missing    # and every name that is not here, the most used first
"""

from __future__ import annotations

import argparse
import importlib
import textwrap
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import tinygrad_sm as sg
from tinygrad_sm import left_out

NAMES = Path(__file__).parent / "pytorch_names.tsv"

# the first that a name begins with is its area; those of `torch` alone come last
AREAS = {
    "attributes of tensors, modules and others": (".",),
    "`nn.functional`": ("F.", "nn.functional."),
    "`nn`": ("nn.",),
    "`optim`": ("optim.",),
    "`autograd`, `func`": ("torch.autograd", "torch.func"),
    "`distributions`": ("torch.distributions",),
    "`utils`": ("torch.utils",),
    "`linalg`, `special`, `fft`": ("torch.linalg", "torch.special", "torch.fft"),
    "GPUs and other devices": ("torch.cuda", "torch.backends", "torch.amp", "torch.mps", "torch.xpu"),
    "several processes": ("torch.distributed", "torch.multiprocessing"),
    "compilers and exchange formats": (
        "torch._dynamo", "torch._inductor", "torch.classes", "torch.compiler", "torch.export",
        "torch.fx", "torch.jit", "torch.library", "torch.onnx", "torch.ops", "torch.hub",
    ),
    "`torch` itself": ("torch", "name"),
}  # fmt: skip


class Name(NamedTuple):
    """A name, how many programs use it, and ``"here"``, ``"left out"`` or ``"missing"``."""

    name: str
    programs: int
    state: str


def bearers() -> list[Any]:
    """One of each object whose attributes programs use."""
    layer = sg.nn.Linear(1, 1)
    optimizer = sg.optim.SGD(layer.parameters(), lr=0.1)
    loader = sg.utils.data.DataLoader(range(2))
    sampler = sg.utils.data.distributed.DistributedSampler(range(2), 1, 0)
    parallel = sg.nn.DataParallel(layer)
    context = sg.autograd.function.FunctionCtx
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = sg.optim.lr_scheduler.StepLR(optimizer, 1)
    return [
        sg.ones(1), layer, sg.nn.LayerNorm(1), optimizer, scheduler, loader, sampler, parallel, context,
        sg.Generator(), sg.distributions.Normal(0.0, 1.0), sg.nn.Sequential(), sg.nn.ModuleDict(),
        sg.device("cpu"), sg.float32, sg.ones(1).mul(1), sg.random, sg.amp.GradScaler("cpu"),
    ]  # fmt: skip


def state_of_attribute(name: str, objects: list[Any]) -> str:
    """Whether an object has an attribute of this name; methods that only raise are left out."""
    stand_in = left_out.why(left_out.METHODS, name)
    for bearer in objects:
        if stand_in and isinstance(bearer, sg.Tensor):
            continue
        try:
            getattr(bearer, name)
            return "here"
        except (AttributeError, NotImplementedError):
            continue
        except Exception:  # it is there, but not for this object
            return "here"
    return "left out" if stand_in else "missing"


def state_of_path(name: str) -> str:
    """Whether a dotted name leads to something."""
    parts = name.removeprefix("torch.").split(".")
    if parts[0] == "F":
        parts[:1] = ["nn", "functional"]
    found: Any = sg
    path = sg.__name__
    for part in parts:
        path = f"{path}.{part}"
        try:
            found = getattr(found, part)
        except NotImplementedError:
            return "left out"
        except AttributeError:
            try:
                found = importlib.import_module(path)
            except ImportError:
                return "missing"
    stands_in = getattr(type(found), "__module__", "") == left_out.__name__
    is_room = (
        getattr(found, "__name__", "").rpartition(".")[2]
        in " ".join(left_out.MODULES.values()).split()
    )
    return "left out" if stands_in or is_room else "here"


def names(path: Path = NAMES) -> list[Name]:
    """Every name of the list, with its state, the most used first."""
    objects = bearers()
    found = []
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        name, programs = line.split("\t")
        state = state_of_attribute(name[1:], objects) if name[0] == "." else state_of_path(name)
        found.append(Name(name, int(programs), state))
    return sorted(found, key=lambda n: -n.programs)


def area_of(name: str) -> str:
    """The heading that a name stands under."""
    return next(area for area, starts in AREAS.items() if name.startswith(starts))


def row(area: str, members: list[Name]) -> str:
    """A line of the table."""
    used = [n for n in members if n.programs]
    here = [n for n in used if n.state == "here"]
    out = [n for n in used if n.state == "left out"]
    uses = sum(n.programs for n in used)
    share = f"{100 * sum(n.programs for n in here) / uses:.1f}%" if uses else "-"
    return f"| {area} | {len(used)} | {len(here)} | {len(out)} | {share} |"


def table(found: list[Name]) -> Iterator[str]:
    """The table in Markdown."""
    yield "| names that programs use | in all | here | left out | of all uses |"
    yield "| :-- | --: | --: | --: | --: |"
    for area in AREAS:
        members = [n for n in found if area_of(n.name) == area]
        if any(n.programs for n in members):
            yield row(area, members)
    yield row("**all**", found)


def what_is_left_out() -> Iterator[str]:
    """The plain list, by reason: modules (`fft.*`), functions and methods (`.stft`)."""
    groups: dict[str, list[str]] = {}
    for listed, form in (
        (left_out.MODULES, "{}.*"),
        (left_out.FUNCTIONS, "{}"),
        (left_out.METHODS, ".{}"),
    ):
        for group, text in listed.items():
            groups.setdefault(group, []).extend(form.format(name) for name in text.split())
    for group, members in groups.items():
        yield textwrap.fill(f"- {group}: `{' '.join(members)}`", 110, subsequent_indent="  ",
                            break_long_words=False, break_on_hyphens=False)  # fmt: skip


def main() -> None:
    """Print the table and the list."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.names", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--missing", action="store_true", help="every name that is not here, too")
    options = parser.parse_args()
    found = names()
    print("\n".join(table(found)), end="\n\n")
    print("\n".join(what_is_left_out()))
    if options.missing:
        print()
        for name in found:
            if name.state != "here":
                print(f"{name.programs:4} {name.name} is {name.state}")


if __name__ == "__main__":
    main()
