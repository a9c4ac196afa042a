"""Make the pictures that the README shows: run the examples as they are, and keep their pictures.

    python examples/pictures/make.py

It takes what ``mnist.py`` and ``softmax_regression.py`` draw with their defaults, and makes the
files small: fewer pixels, and 256 colours.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
KEPT = {
    "mnist.py": ("curves.png", "confusion.png", "mistakes.png"),
    "softmax_regression.py": ("boundaries.png", "descents.png", "icons.png"),
}
WIDTH = 1000  # pixels


def main() -> None:
    """Run each example in a folder of its own, and keep what it drew."""
    for program, names in KEPT.items():
        with tempfile.TemporaryDirectory() as out:
            subprocess.run([sys.executable, HERE.parent / program, "--out", out], check=True)
            for name in names:
                shrink(Path(out) / name, HERE / name)


def shrink(source: Path, target: Path, width: int = WIDTH) -> None:
    """Write a picture again, smaller."""
    picture = Image.open(source).convert("RGB")
    if picture.width > width:
        height = round(picture.height * width / picture.width)
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    few = picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(target, optimize=True)
    print(f"{target.relative_to(HERE.parent.parent)}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
