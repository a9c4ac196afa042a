"""Make `as-you-like-it/play.txt` from the file of the Canterbury corpus.

Nobody needs to run this to use the examples: it says how the file came to be. The corpus is among
the test data of Brotli's source distribution, whose path is the argument:

    pip download --no-deps --no-binary :all: Brotli==1.2.1
    python examples/data/make_as_you_like_it.py brotli-1.2.1.tar.gz
"""

from __future__ import annotations

import re
import sys
import tarfile
from pathlib import Path

PLAY = Path(__file__).parent / "as-you-like-it" / "play.txt"


def main() -> None:
    """Take the play without its list of persons, speakers on lines of their own, no tabs."""
    with tarfile.open(sys.argv[1]) as archive:
        [member] = [m for m in archive if m.name.endswith("/asyoulik.txt")]
        file = archive.extractfile(member)
        assert file is not None
        text = file.read().decode("ascii")
    play = text[text.index("ACT I\n") :]
    play = re.sub(r"^([A-Z][A-Za-z .&]*)\t+", r"\1:\n", play, flags=re.MULTILINE)
    play = re.sub(r"\t+", "", play)
    play = re.sub(r"\n{3,}", "\n\n", play).strip() + "\n"
    PLAY.write_text(play, encoding="ascii")


if __name__ == "__main__":
    main()
