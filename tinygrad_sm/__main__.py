"""``python -m tinygrad_sm trace script.py [args]``: run a script and show its tape."""

from __future__ import annotations

import argparse
import os
import runpy
import sys
import traceback
from collections.abc import Sequence

from .trace.session import MAX_BYTES, Trace


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is the script's."""
    parser = argparse.ArgumentParser(prog="python -m tinygrad_sm", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    trace = commands.add_parser(
        "trace",
        help="run a script and write its tape as a page",
        description="Run a script and write what it did on the tape: by default a page to open in "
        "a browser. If the script fails, the tape up to there is written.",
    )
    trace.add_argument(
        "-o",
        "--out",
        help="where to write: .html, .json, .dot or .txt (default: the script's name + .tape.html)",
    )
    trace.add_argument("--text", action="store_true", help="print the tape as text instead")
    trace.add_argument("--json", action="store_true", help="print it as JSON instead")
    trace.add_argument("--dot", action="store_true", help="print it in Graphviz's language instead")
    trace.add_argument("--show", action="store_true", help="open the page in a browser")
    trace.add_argument(
        "--profile",
        action="store_true",
        help="measure times too: a table on the error output, a flame view in the page",
    )
    trace.add_argument("--no-check", action="store_true", help="skip the finite differences")
    trace.add_argument(
        "--max-bytes",
        type=int,
        default=MAX_BYTES,
        help="room for copies of tensors (default: %(default)s)",
    )
    trace.add_argument("script", help="a Python file")
    trace.add_argument("args", nargs=argparse.REMAINDER, help="what the script is given")
    options = parser.parse_args(arguments)
    if not os.path.isfile(options.script):
        trace.error(f"there is no file {options.script}")
    if options.out and os.path.splitext(options.out)[1] not in (".html", ".json", ".dot", ".txt"):
        trace.error(f"--out must end in .html, .json, .dot or .txt, not {options.out}")
    run, status = _run(options)
    _write(run, options)
    return status


def _run(options: argparse.Namespace) -> tuple[Trace, int]:
    """Run the script as ``python script.py args`` would; its trace and its exit status."""
    sys.argv = [options.script, *options.args]
    sys.path[0] = os.path.dirname(os.path.abspath(options.script))
    run = Trace(options.max_bytes, not options.no_check, profile=options.profile)
    try:
        with run:
            runpy.run_path(options.script, run_name="__main__")
    except SystemExit as stop:
        if isinstance(stop.code, str):
            print(stop.code, file=sys.stderr)
        return run, stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException as error:
        own = error.__traceback__
        while own is not None and own.tb_frame.f_code.co_filename != options.script:
            own = own.tb_next
        traceback.print_exception(type(error), error, own or error.__traceback__)
        return run, 1
    return run, 0


def _write(run: Trace, options: argparse.Namespace) -> None:
    printed = {"text": run.text, "json": run.json, "dot": run.dot}
    chosen = [form for name, form in printed.items() if getattr(options, name)]
    if options.profile:
        for by in ("op", "module", "line"):
            table = run.profile.key_averages(by=by).table("self_cpu_time_total", row_limit=20)
            print(table, file=sys.stderr)
    try:
        for form in chosen:
            print(form(), flush=True)
    except BrokenPipeError:  # whoever reads has seen enough: let the last flush go nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if options.show:
        run.show()
    if options.out or not (chosen or options.show):
        name = os.path.splitext(os.path.basename(options.script))[0]
        path = options.out or f"{name}.tape.html"
        run.save(path)
        print(f"{run!r} written to {path}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
