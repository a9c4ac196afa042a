"""The page in a real browser: stepped through by keyboard, read, and looked at."""

from __future__ import annotations

import json
import os
import shutil
import time

import numpy as np
import pytest

import tinygrad_sm as sg

from . import programs

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="Chromium or its driver is not installed"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --hide-scrollbars "
    "--disable-background-networking --disable-component-update --disable-sync"
)


class Page:
    """One page in the browser, with what a person does to it."""

    def __init__(self, driver, folder):
        self.driver = driver
        self.folder = folder

    def open(self, trace, width=1280, height=800, theme="light", step=None):
        """Open a trace's page in a window of some size; ``step`` counts from 1."""
        path = self.folder / "page.html"
        path.write_text(trace.html(), encoding="utf-8")
        self.size(width, height, theme)
        self.driver.get("about:blank")
        self.driver.get(path.as_uri() + (f"#step={step}" if step else ""))
        return self

    def size(self, width, height, theme):
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        features = [{"name": "prefers-color-scheme", "value": theme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def run(self, script, *arguments):
        return self.driver.execute_script(f"return {script}", *arguments)

    def press(self, *keys):
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    @property
    def step(self):
        return int(self.find("#scrubber").get_property("value"))

    def current(self):
        return self.run("document.querySelector('.row.current .label').textContent.trim()")

    def numbers(self, selector):
        """The numbers that stand in a table on the page."""
        cells = self.run(
            "[...document.querySelectorAll(arguments[0])].map((td) => td.textContent)", selector
        )
        return np.array([float(c.replace("−", "-").replace("∞", "inf")) for c in cells])


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ARGUMENTS.split():
        options.add_argument(argument)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    driver.get("about:blank")
    yield driver
    driver.quit()


@pytest.fixture
def page(driver, tmp_path):
    """A page; afterwards: nothing in the console, and nothing asked of the network."""
    driver.get_log("performance"), driver.get_log("browser")
    yield Page(driver, tmp_path)
    assert driver.get_log("browser") == []
    events = [json.loads(e["message"])["message"] for e in driver.get_log("performance")]
    asked = [
        e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"
    ]
    local = ("file:", "data:", "about:", "chrome")  # the last: the browser's own first tab
    assert [url for url in asked if not url.startswith(local)] == []
    assert len([url for url in asked if url.startswith("file:")]) >= 1


PROGRAMS = {
    "softmax": programs.softmax,
    "broadcast": programs.broadcast,
    "small mlp": programs.mlp,
    "mnist mlp": lambda: programs.mnist("mlp"),
    "mnist cnn": lambda: programs.mnist("cnn"),
    "char-gpt": programs.gpt,
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_gradients_on_the_page_are_those_of_the_program(page, program):
    trace, leaves = PROGRAMS[program]()
    page.open(trace)
    page.press(Keys.END)
    steps = trace.document()["steps"]
    seen = set()
    while steps[page.step]["kind"] == "deliver":
        name = page.find("#rule-body h3").text.removesuffix(".grad")
        grad = leaves[name].grad.numpy()
        shown = page.numbers("#cards .card:first-child td")
        if len(shown):
            np.testing.assert_allclose(shown, grad.reshape(-1), rtol=6e-3, atol=1e-12)
        else:
            facts = page.numbers("#cards .card:first-child .facts b")[:4]
            expected = [grad.min(), grad.max(), grad.mean(), grad.std()]
            np.testing.assert_allclose(facts, expected, rtol=6e-3, atol=1e-9)
        seen.add(name)
        page.press(Keys.ARROW_LEFT)
    assert seen == set(leaves)


def test_no_text_is_cut_off_at_its_lower_edge(page):
    page.open(programs.mlp()[0])
    page.press(Keys.END, Keys.ARROW_LEFT, Keys.ARROW_LEFT, Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert page.all(".applied")
    cut = page.run(
        "[...document.querySelectorAll('#rule-body *')]"
        ".filter((e) => e.scrollHeight > e.clientHeight + 2 && getComputedStyle(e).overflowX == 'auto')"
        ".map((e) => e.textContent)"
    )
    assert cut == []


def test_stepping_by_keyboard(page):
    page.open(programs.softmax()[0])
    names = [page.current()]
    for _ in range(8):
        page.press(Keys.ARROW_RIGHT)
        names.append(page.current())
    forward = ["softmaxa", "index", "log", "negloss"]
    assert [n.replace(" ", "") for n in names] == [*forward, *reversed(forward), "leafz"]
    page.press(Keys.ARROW_RIGHT)
    assert page.step == 8
    page.press(Keys.HOME, Keys.ARROW_LEFT)
    assert page.step == 0
    page.press(Keys.ARROW_DOWN)
    assert page.step == 1
    page.press("g")
    assert page.step == 6
    page.press(Keys.ARROW_UP)
    assert page.step == 7
    page.press("g")
    assert page.step == 0


def test_a_backward_step_shows_rule_numbers_and_sum(page):
    page.open(programs.softmax()[0], step=8)
    body = page.find("#rule-body")
    assert (
        page.find(".rule-code").text == "x=lambda g, out, axis: out * (g - _total(g * out, axis))"
    )
    assert "tinygrad_sm/ops/softmax.py:" in body.text
    assert len(page.all("#rule-body math")) >= 2
    assert [t.text for t in page.all(".sum .step-label")] == ["old", "contribution", "new"]
    assert page.numbers(".sum .term td")[:4] == pytest.approx([-0.158, 0.04192, 0.002087, 0.114])
    assert page.find("#source-lines .current mark").text == "sg.softmax(z, dim=0)"
    assert page.find("#rule-body .verdict").text.startswith("✓")
    assert "for the gradient of x" in page.find("#cards").text


def test_summed_axes_and_old_values_are_shown(page):
    trace, _ = programs.broadcast()
    kinds = [s["kind"] for s in trace.document()["steps"]]
    page.open(trace, step=kinds.index("backward") + 2)
    text = page.find("#rule-body").text
    assert "summed over axis 0: (2, 2) → (2,)" in text
    page.press(Keys.ARROW_RIGHT)
    sums = page.all("#rule-body .sum[role=group]")
    assert [t.text for t in sums[-1].find_elements(By.TAG_NAME, "td")] == [
        "5",
        "5",
        "1",
        "−1",
        "6",
        "4",
    ]


def test_playing_stops_at_breakpoints(page):
    page.open(programs.softmax()[0])
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, "b", Keys.HOME)
    assert [b.get_attribute("aria-label") for b in page.all(".break[aria-pressed=true]")] == [
        "breakpoint on log"
    ]
    page.run("document.getElementById('speed').value = '60'")
    page.press(" ")
    wait(lambda: page.step == 2 and page.find("#play").text == "▶ play")
    page.press(" ")
    wait(lambda: page.step == 5 and page.find("#play").text == "▶ play")
    page.press(" ")
    wait(lambda: page.step == 8 and page.find("#play").text == "▶ play")
    page.press(Keys.HOME, Keys.SHIFT + Keys.ARROW_RIGHT)
    assert page.step == 2
    page.press(Keys.NULL, "b")
    assert not page.all(".break[aria-pressed=true]")


def wait(condition, seconds=10):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_folding_by_mouse_and_keyboard(page):
    page.open(programs.mlp()[0])
    rows = len(page.all(".row"))
    page.find(".row[data-group='2']").click()
    fewer = len(page.all(".row"))
    assert fewer < rows
    assert page.find(".row[data-group='2']").get_attribute("aria-expanded") == "false"
    assert "2 ops" in page.find(".row[data-group='2']").text
    page.find(".row[data-group='2']").click()
    assert len(page.all(".row")) == rows
    page.press("f")
    assert len(page.all(".row")) < rows
    assert page.find(".row.current").get_attribute("data-group") == "1"
    page.find("#fold").click()
    assert [r.get_attribute("data-group") for r in page.all(".row.group")] == ["0"]
    page.find("#unfold").click()
    assert len(page.all(".row")) == rows


def test_first_nan(page):
    page.open(programs.not_finite(), step=5)
    page.press("n")
    assert page.current() == "log"
    assert "1 NaN, 1 infinite, first at [1]" in page.find("#cards").text
    assert page.find(".row.current").text.count("nan")


def test_nan_and_infinity_are_reached_in_turn(page):
    x = sg.tensor([0.0, 1.0], requires_grad=True)
    with sg.trace() as t, np.errstate(all="ignore"):
        (x * x.log()).sum()
    page.open(t)
    for name in ("mul", "log", "mul"):
        page.press("n")
        assert page.current() == name


def test_finding_a_row_unfolds_it(page):
    page.open(programs.mlp()[0])
    page.find("#fold").click()
    page.press("/", *"RELU")
    assert page.current() == "relu"
    assert page.find("#found").text == "1 of 1"
    page.find("#find").clear()
    page.press("/", *"addmm")
    steps = [page.step]
    for key in (Keys.ENTER, Keys.ENTER, Keys.SHIFT + Keys.ENTER):
        page.press(key)
        page.press(Keys.NULL)
        steps.append(page.step)
    assert steps[0] == steps[2] < steps[1] == steps[3]
    assert page.find("#found").text == "2 of 2"
    page.press("z")
    assert page.find("#found").text == "none"
    page.press(Keys.ESCAPE, Keys.HOME)
    assert page.step == 0


@pytest.mark.parametrize("width", [400, 1280])
def test_every_cell_stands_in_its_row(page, width):
    page.open(programs.mlp()[0], width)
    page.find("#fold").click()
    strays = page.run(
        "[...document.querySelectorAll('.row > *')].filter((e) => e.getBoundingClientRect().bottom"
        " > e.parentElement.getBoundingClientRect().bottom + 1).map((e) => e.outerHTML)"
    )
    assert strays == []


def test_a_vector_is_wrapped_and_not_cut_off(page):
    x = (sg.arange(16.0) * 0.1234 - 1).requires_grad_()
    with sg.trace() as t:
        x.exp().sum()
    page.open(t)
    assert page.run(
        "[...document.querySelectorAll('#cards .scroll')].every((e) => e.scrollWidth <= e.clientWidth)"
    )


def test_a_wrong_rule_has_a_cross(page):
    trace = programs.wrong_rule()
    page.open(trace, step=len(trace.document()["steps"]) - 1)
    badges = {
        row.find_element(By.CSS_SELECTOR, "b").text: row.find_element(
            By.CSS_SELECTOR, ".badge"
        ).text
        for row in page.all(".row.op")
    }
    assert badges == {"square": "✗", "exp": "✓", "sum": "✓"}
    assert "WRONG" in page.find("#rule-body .verdict").text
    assert "finite differences give" in page.find("#rule-body").text


def test_memory_is_a_curve_under_the_scrubber(page):
    trace, _ = programs.mnist("mlp")
    page.open(trace)
    kept = trace.document()["memory"]["kept"]
    assert max(kept) > kept[-1] == 0
    places = set()
    for _ in range(3):
        places.add(page.run("document.querySelector('#memory .now').getAttribute('x1')"))
        page.press(Keys.ARROW_RIGHT)
    assert len(places) == 3
    assert (
        page.run("document.querySelector('#memory .kept').getAttribute('d').split('L').length") > 10
    )
    assert "the tape holds" in page.find("#memory-text").text


def test_bars_of_a_histogram_differ_in_height(page):
    page.open(programs.mnist("mlp")[0])
    heights = page.run(
        "[...document.querySelectorAll('#cards svg .bar')].map((b) => b.getBBox().height)"
    )
    assert len(set(heights)) > 5


def test_a_gpt_is_navigable(page):
    trace, _ = programs.gpt()
    page.open(trace)
    assert len(trace.document()["rows"]) > 80
    assert page.run("tape.layout.items.length") <= 62  # about a screen: the rest is folded
    assert any("attention Attention" in row.text for row in page.all(".row.group"))
    page.press("f", Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    page.press("f")
    assert page.all(".row.current")


def test_failure_is_told(page):
    page.open(programs.failing())
    assert "ended with RuntimeError" in page.find("[role=alert]").text
    assert "cannot be multiplied" in page.find("[role=alert]").text
    assert page.step == 1


def test_cap_is_told(page):
    x = sg.ones(5000, requires_grad=True)
    with sg.trace(max_bytes=30_000) as t:
        x.exp().log().sum().backward()
    page.open(t)
    assert "The cap on copies of 29 KiB was reached" in page.find("#notices").text
    assert page.find(".verdict").text.startswith(("–", "✓"))


def test_an_empty_trace(page):
    with sg.trace() as t:
        pass
    page.open(t)
    page.press(Keys.ARROW_RIGHT, " ", "n", "f")
    assert "Nothing was recorded" in page.find("#notices").text


def test_text_of_the_program_stays_text(page):
    page.open(programs.hostile())
    assert page.driver.title.startswith("</script>")
    assert page.find("#title").text.startswith("</script><script>")
    assert not page.all("#rows b b, img")
    assert "<b>bold</b>" in page.find("#rows").text
    page.press(Keys.END)
    assert page.driver.title != "broken"


def test_five_thousand_rows_are_smooth(page):
    page.open(programs.long())
    assert page.run("rows.length") == 5002
    assert len(page.all(".row")) < 100
    key, scroll = page.run(MEDIANS)
    assert key < 150, f"a key press took {key:.0f} ms"
    assert scroll < 150, f"a frame of scrolling took {scroll:.0f} ms"
    page.run("document.getElementById('rows').scrollTo(0, 60000)")
    wait(lambda: page.run("document.querySelector('.row').dataset.row") > "1000")
    assert len(page.all(".row")) < 100


# Of 60 key presses and of 60 frames of scrolling, layout included, in milliseconds.
MEDIANS = """(() => {
  const rows = document.getElementById("rows");
  const median = (action) => {
    const times = [];
    for (let i = 0; i < 60; i += 1) {
      const begin = performance.now();
      action(i);
      rows.offsetHeight;
      times.push(performance.now() - begin);
    }
    return times.sort((a, b) => a - b)[30];
  };
  const key = () => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  return [median(key), median((i) => { rows.scrollTop = i * 500; drawTape(); })];
})()"""

WIDTHS = [(400, 800), (1280, 800), (3840, 2160)]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), WIDTHS)
def test_widths_and_themes(page, width, height, theme):
    page.open(programs.mlp()[0], width, height, theme, step=7)
    folder = os.environ.get("TRACE_SCREENSHOTS")
    if folder:
        os.makedirs(folder, exist_ok=True)
        page.driver.save_screenshot(os.path.join(folder, f"{width}-{theme}.png"))
    assert page.run("document.scrollingElement.scrollWidth") <= width
    for name in ("tape", "source", "rule", "tensors", "scrubber"):
        box = page.find(f"#{name}").rect
        assert box["width"] > 150
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width + 1
    poor = page.run(CONTRAST)
    assert poor == []


# Text whose contrast with what lies behind it is under 4.5 to 1 (WCAG 2.1, 1.4.3).
CONTRAST = """(() => {
  const parse = (c) => (c.match(/[0-9.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    const style = getComputedStyle(e);
    if (!own || !e.checkVisibility() || style.opacity === "0" || e.disabled || e.matches("script, style")) continue;
    if (!style.color.startsWith("rgb")) continue;
    const [a, b] = [light(parse(style.color)), light(behind(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.add(`${e.tagName}.${e.className} ${style.color}`);
  }
  return [...poor];
})()"""


def test_theme_button_and_key(page):
    page.open(programs.softmax()[0])
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.run(paper)
    page.press("t")
    assert page.find("#theme").text == "☀ light"
    page.find("#theme").click()
    assert page.find("#theme").text == "☾ dark"
    assert page.run(paper) != light


def test_every_control_has_a_name_and_is_reached_by_tab(page):
    page.open(programs.mlp()[0])
    controls = page.all("button:not([tabindex='-1']):not(:disabled), input, select, [tabindex='0']")
    visible = [c for c in controls if c.is_displayed()]
    assert all(c.accessible_name for c in visible)
    reached = set()
    for _ in range(len(visible) + 5):
        page.press(Keys.TAB)
        active = page.driver.switch_to.active_element
        reached.add(active.id)
    assert {c.id for c in visible} <= reached
    marks = page.all(".badge[role=img]")
    assert marks
    assert all(m.get_attribute("aria-label") for m in marks)


def test_help_opens_and_closes(page):
    page.open(programs.softmax()[0])
    page.press("?")
    assert page.find("#keys").is_displayed()
    page.press(Keys.ESCAPE)
    assert not page.find("#keys").is_displayed()


def test_the_flame_view(page):
    net, x = sg.nn.Sequential(sg.nn.Linear(4, 3), sg.nn.Tanh()), sg.rand(2, 4)
    with sg.trace(profile=True) as trace:
        net(x).sum().backward()
    page.open(trace, width=400)
    page.press("p")
    names = page.run("[...document.querySelectorAll('.bar')].map((b) => b.textContent)")
    assert {"addmm", "tanh", "backward", "TanhBackward0", "Sequential"} <= set(names)
    assert "whole run" in page.find("#flame").text
    page.run(
        "[...document.querySelectorAll('.bar')].find((b) => b.textContent == 'TanhBackward0').click()"
    )
    kinds = [(s["kind"], s["row"]) for s in trace.document()["steps"]]
    assert kinds[page.step][0] == "backward"
    assert trace.document()["rows"][kinds[page.step][1]]["op"] == "tanh"
    assert "by itself" in page.find("#flame-text").text
    page.press(Keys.ESCAPE)
    page.open(programs.softmax()[0])
    assert page.find("#flames").get_attribute("hidden")
