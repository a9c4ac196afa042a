"use strict";
// Time: the step that is shown, playing, breakpoints, keys, the curve of memory, the theme.

const state = { step: 0, timer: 0 };

function goTo(step) {
  state.step = Math.max(0, Math.min(step, steps.length - 1));
  draw();
}

function goToRow(row) {
  const after = (backwardSteps.get(row) ?? []);
  const backward = steps[state.step]?.kind !== "forward" && after.length;
  goTo(backward ? after.findLast((i) => i <= state.step) ?? after[0] : firstStep(row));
}

function otherSide() {
  const { kind, row } = steps[state.step];
  if (kind !== "forward") goTo(firstStep(row));
  else if (backwardSteps.has(row)) goTo(backwardSteps.get(row).find((i) => i > state.step) ?? backwardSteps.get(row)[0]);
}

function draw() {
  const step = steps[state.step];
  document.body.classList.toggle("backward", Boolean(step) && step.kind !== "forward");
  byId("scrubber").value = state.step;
  if (!step) return;
  scrollToCurrent();
  drawTape(true);
  drawSource(step.row, step);
  drawRule(step.row, step);
  drawTensors(step.row, step);
  moveAlongMemory();
  const words = { forward: "▶ forward", backward: "◀ backward", deliver: "◀ into .grad" }[step.kind];
  const text = `step ${state.step + 1} of ${steps.length}: ${titleOf(step.row)}`;
  byId("where").replaceChildren(h("b", {}, words), ` ${text}`);
  byId("scrubber").setAttribute("aria-valuetext", `${words.slice(2)}, ${text}`);
  byId("rows").setAttribute("aria-activedescendant", `item-${tape.layout.itemOf[step.row]}`);
  byId("back").disabled = byId("first").disabled = state.step === 0;
  byId("next").disabled = byId("last").disabled = state.step === steps.length - 1;
}

// --- playing -------------------------------------------------------------------------------------

function play(on) {
  clearInterval(state.timer);
  state.timer = 0;
  if (on) {
    if (state.step === steps.length - 1) goTo(0);
    state.timer = setInterval(tick, 1000 / Number(byId("speed").value));
  }
  byId("play").textContent = on ? "⏸ pause" : "▶ play";
  byId("play").setAttribute("aria-label", on ? "Pause" : "Play");
}

function tick() {
  if (state.step === steps.length - 1) { play(false); return; }
  goTo(state.step + 1);
  if (breakpoints.has(steps[state.step].row)) play(false);
}

function toBreakpoint() {
  play(false);
  for (let i = state.step + 1; i < steps.length; i += 1) {
    if (breakpoints.has(steps[i].row)) { goTo(i); return; }
  }
  goTo(steps.length - 1);
}

function toNotFinite() {
  const found = [trace.first.nan, trace.first.inf].filter((step) => step !== null);
  if (found.length) { play(false); goTo(found.find((step) => step !== state.step) ?? found[0]); }
}

function moveRow(by) {
  const { items, itemOf } = tape.layout;
  let index = itemOf[steps[state.step].row] + by;
  while (items[index] && (items[index].row < 0 ? !items[index].folded : !rows[items[index].row].op)) index += by;
  if (items[index]) goToRow(items[index].row >= 0 ? items[index].row : items[index].rows.find((row) => rows[row].op) ?? items[index].rows[0]);
}

// --- memory --------------------------------------------------------------------------------------

const most = [trace.memory.kept, trace.memory.alive].flat().reduce((a, b) => Math.max(a, b), 1);
const at = (i) => (i / Math.max(steps.length - 1, 1)) * 1000;

function drawMemory() {
  const { kept, alive } = trace.memory;
  const y = (n) => 98 - (n / most) * 94;
  const curve = (list) => list.map((n, i) => `${i ? "L" : "M"}${at(i).toFixed(2)} ${y(n).toFixed(2)}`).join("");
  const stops = steps.flatMap((step, i) => (breakpoints.has(step.row) ? [svg("line", { class: "stop", x1: at(i), x2: at(i), y1: 0, y2: 22 })] : []));
  byId("memory").replaceChildren(svg("svg", { viewBox: "0 0 1000 100", preserveAspectRatio: "none", role: "img", "aria-label": "memory over the run" },
    backwardBands().map(([from, to]) => svg("rect", { class: "band", x: at(from - 0.5), y: 0, width: at(to - from + 1), height: 100 })),
    svg("path", { class: "kept", d: `${curve(kept)}L1000 98L0 98Z` }), svg("path", { class: "alive", d: curve(alive) }), stops,
    svg("line", { class: "now", y1: 0, y2: 100 })));
  moveAlongMemory();
}

function moveAlongMemory() {
  const { kept, alive } = trace.memory;
  const now = byId("memory").querySelector(".now");
  now.setAttribute("x1", at(state.step));
  now.setAttribute("x2", at(state.step));
  byId("memory-text").replaceChildren(
    h("span", { class: "key kept" }), `the tape holds ${bytes(kept[state.step] ?? 0)} for its rules · `,
    h("span", { class: "key alive" }), `${bytes(alive[state.step] ?? 0)} of arrays alive · at most ${bytes(most)} · shaded: backward`);
}

function backwardBands() {
  const bands = [];
  steps.forEach((step, i) => {
    if (step.kind === "forward") return;
    if (bands.length && bands.at(-1)[1] === i - 1) bands.at(-1)[1] = i;
    else bands.push([i, i]);
  });
  return bands;
}

// --- theme, notices, keys ---------------------------------------------------------------------------

const THEMES = { "light dark": "◐ system", light: "☀ light", dark: "☾ dark" };

function nextTheme() {
  const root = document.documentElement.style;
  const names = Object.keys(THEMES);
  root.colorScheme = names[(names.indexOf(root.colorScheme || "light dark") + 1) % names.length];
  showTheme();
}

function showTheme() {
  const name = THEMES[document.documentElement.style.colorScheme || "light dark"];
  byId("theme").textContent = name;
  byId("theme").setAttribute("aria-label", `Theme: ${name.slice(2)}`);
}

function notices() {
  const list = [];
  const { error, cap } = trace;
  if (error) {
    const place = error.file ? ` at ${error.file}:${error.line}` : "";
    list.push(h("p", { class: "notice error", role: "alert" }, h("b", {}, `✗ The program ended with ${error.type}${place}: `), error.message, h("span", { class: "soft" }, " What follows is the run up to there.")));
  }
  if (cap.values_without_copy) {
    list.push(h("p", { class: "notice cap" }, `The cap on copies of ${bytes(cap.max_bytes)} was reached: ${plural(cap.values_without_copy, "tensor")} of ${values.length.toLocaleString("en")} are shown by a sample, and rules that need them are not checked.`));
  }
  if (!steps.length) list.push(h("p", { class: "notice" }, "Nothing was recorded: no operation ran on a tensor that requires grad."));
  byId("notices").replaceChildren(...list);
}

const KEYS = {
  ArrowRight: (event) => (event.shiftKey ? toBreakpoint() : goTo(state.step + 1)),
  ArrowLeft: () => goTo(state.step - 1),
  ArrowDown: () => moveRow(1),
  ArrowUp: () => moveRow(-1),
  Home: () => goTo(0),
  End: () => goTo(steps.length - 1),
  " ": () => play(!state.timer),
  b: () => rows[steps[state.step].row].op && toggleBreakpoint(steps[state.step].row),
  f: () => foldCurrent(),
  g: () => otherSide(),
  n: () => toNotFinite(),
  p: () => flames.length && showFlame(),
  t: () => nextTheme(),
  "/": () => byId("find").select(),
  "?": () => byId("keys").showModal(),
};

function foldCurrent() {
  const { row } = steps[state.step];
  const path = [];
  for (let g = rows[row].group; g >= 0; g = groups[g].parent) path.unshift(g);
  const shut = path.find((g) => folded.has(g));
  if (shut !== undefined) toggleFold(shut);
  else if (path.length) toggleFold(path.at(-1));
  scrollToCurrent();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("keys").open || byId("flame").open) return;
  if (event.target.id === "find") { onFindKey(event); return; }
  const inside = event.target.closest("select, input, button");
  if (inside?.matches("select") || (inside?.matches("button") && event.key === " ")) return;
  if (event.target.matches("#source-lines, #cards, #rule-body") && ["ArrowDown", "ArrowUp"].includes(event.key)) return;
  const action = KEYS[event.key];
  if (!action || !steps.length) return;
  event.preventDefault();
  if (state.timer && event.key !== " ") play(false);
  action(event);
}

function begin() {
  const count = (kind) => steps.filter((step) => step.kind === kind).length;
  byId("title").textContent = trace.title;
  byId("summary").textContent = [
    plural(count("forward"), "operation"), plural(count("backward"), "backward step"),
    plural(rows.filter((row) => row.kind === "leaf").length, "leaf").replace("leafs", "leaves"),
  ].join(" · ");
  notices();
  showTheme();
  foldToFit();
  byId("scrubber").max = Math.max(steps.length - 1, 0);
  byId("nonfinite").disabled = trace.first.nan === null && trace.first.inf === null;
  byId("nonfinite").textContent = trace.first.nan === null && trace.first.inf !== null ? "first infinity" : "first NaN";
  byId("scrubber").addEventListener("input", (event) => { play(false); goTo(Number(event.target.value)); });
  const on = (id, action) => byId(id).addEventListener("click", action);
  on("first", () => goTo(0)); on("last", () => goTo(steps.length - 1));
  on("back", () => { play(false); goTo(state.step - 1); }); on("next", () => { play(false); goTo(state.step + 1); });
  on("play", () => play(!state.timer)); on("continue", toBreakpoint); on("gradient", otherSide);
  on("nonfinite", toNotFinite); on("theme", nextTheme); on("help", () => byId("keys").showModal());
  byId("flames").hidden = !flames.length;
  on("flames", showFlame); on("flame-whole", () => drawFlame());
  on("fold", () => { groups.forEach((_, i) => folded.add(i)); layOutTape(); });
  on("unfold", () => { folded.clear(); layOutTape(); });
  byId("find").addEventListener("input", () => findNext());
  byId("speed").addEventListener("change", () => state.timer && play(true));
  byId("rows").addEventListener("scroll", () => drawTape());
  window.addEventListener("resize", () => { clearTape(); drawTape(true); });
  document.addEventListener("keydown", onKey);
  layOutTape();
  if (steps.length) drawMemory();
  goTo(Number(/step=(\d+)/.exec(location.hash)?.[1] ?? (trace.error ? steps.length : 1)) - 1);
}

begin();
