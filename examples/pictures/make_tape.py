"""Make the README's pictures of the tape debugger: trace the MNIST example, photograph the page.

    python examples/pictures/make_tape.py

It needs Chromium, its driver, and ``pip install -e ".[browser]"``. What is shown is one training step
of ``mnist.py``, as ``python -m tinygrad_sm trace`` writes it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from make import HERE, shrink
from selenium import webdriver

SIZE = (1440, 900)  # of the window, in pixels
SETTINGS = ("--limit", "128", "--batch-size", "128", "--epochs", "1")


def main() -> None:
    """Trace the step of an MLP, and that of a CNN with its times, and keep a picture of each."""
    with tempfile.TemporaryDirectory() as folder, _browser() as browser:
        mlp = trace(Path(folder), "mlp")
        photograph(browser, mlp, "light", step=step_of(mlp, "relu"))
        keep(browser, Path(folder), "tape.png")
        cnn = trace(Path(folder), "cnn", "--profile")
        photograph(browser, cnn, "dark", step=step_of(cnn, "max_pool2d"))
        keep(browser, Path(folder), "tape-cnn.png")
        photograph(browser, cnn, "light", step=1)
        browser.execute_script("showFlame(); chooseFlame(flames.find((e) => e.kind === 'walk'))")
        keep(browser, Path(folder), "flame.png")


def trace(folder: Path, model: str, *options: str) -> Path:
    """The page of one training step of the example."""
    page = folder / f"{model}.html"
    script = [HERE.parent / "mnist.py", "--model", model, *SETTINGS, "--out", folder / model]
    command = [sys.executable, "-m", "tinygrad_sm", "trace", *options, "-o", page, *script]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return page


def step_of(page: Path, op: str) -> int:
    """The last step backward through an operation, counted from 1."""
    text = (
        page.read_text("utf-8").partition('type="application/json">')[2].partition("</script>")[0]
    )
    document = json.loads(text)
    rows: list[dict[str, Any]] = document["rows"]
    found = [
        number
        for number, step in enumerate(document["steps"], 1)
        if step["kind"] == "backward" and rows[step["row"]].get("op") == op
    ]
    return found[0]


def _browser() -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in ("--headless", "--no-sandbox", "--hide-scrollbars", "--no-first-run"):
        options.add_argument(argument)
    return webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))


def photograph(browser: webdriver.Chrome, page: Path, theme: str, step: int) -> None:
    """Open a page at a step, in a theme."""
    width, height = SIZE
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": theme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get("about:blank")
    browser.get(f"{page.as_uri()}#step={step}")


def keep(browser: webdriver.Chrome, folder: Path, name: str) -> None:
    """Take the picture, and write it small beside this file."""
    browser.save_screenshot(str(folder / name))
    shrink(folder / name, HERE / name, SIZE[0])


if __name__ == "__main__":
    main()
