"use strict";
// The trace, what can be looked up in it, and small helpers. Everything that comes from the
// program enters the page as text nodes, never as markup.

const trace = JSON.parse(document.getElementById("trace").textContent);
const { rows, steps, values, rules, groups, places } = trace;

function h(tag, attributes = {}, ...children) {
  return build(document.createElement(tag), attributes, children);
}

function svg(tag, attributes = {}, ...children) {
  return build(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const byId = (id) => document.getElementById(id);

// --- numbers ---------------------------------------------------------------------------------

const SPECIAL = { nan: NaN, inf: Infinity, "-inf": -Infinity };
const asNumber = (x) => (typeof x === "string" ? SPECIAL[x] : x);

function shown(x, digits = 4) {
  x = asNumber(x);
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const size = Math.abs(x);
  const text = size >= 1e5 || size < 1e-3 ? x.toExponential(digits - 2) : String(Number(x.toPrecision(digits)));
  return text.replace("-", "−").replace("e-", "e−").replace("e+", "e");
}

function bytes(n) {
  if (n < 1024) return `${n} B`;
  const units = ["KiB", "MiB", "GiB"];
  let unit = -1;
  do { n /= 1024; unit += 1; } while (n >= 1024 && unit < 2);
  return `${n < 10 ? n.toFixed(1) : Math.round(n)} ${units[unit]}`;
}

const shapeText = (shape) => (shape.length ? `(${shape.join(", ")}${shape.length === 1 ? "," : ""})` : "()");
const sizeOf = (value) => value.shape.reduce((a, b) => a * b, 1);
const plural = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;

// Statistics as the document has them, or computed where it lists all the numbers.
function statistics(value) {
  if (!value.data) return value;
  const numbers = value.data.map(asNumber);
  const finite = numbers.filter(Number.isFinite);
  const nan = numbers.filter(Number.isNaN).length;
  const result = { nan, inf: numbers.length - finite.length - nan };
  if (finite.length < numbers.length) result.first = numbers.findIndex((x) => !Number.isFinite(x));
  if (!finite.length) return result;
  const mean = finite.reduce((a, b) => a + b, 0) / finite.length;
  const square = finite.reduce((a, b) => a + (b - mean) ** 2, 0) / finite.length;
  return {
    ...result, mean, std: Math.sqrt(square), zeros: finite.filter((x) => x === 0).length,
    min: finite.reduce((a, b) => Math.min(a, b)), max: finite.reduce((a, b) => Math.max(a, b)),
  };
}

function indexText(flat, shape) {
  const index = [];
  for (const size of [...shape].reverse()) {
    index.unshift(flat % size);
    flat = Math.floor(flat / size);
  }
  return `[${index.join(", ")}]`;
}

// --- look-ups ----------------------------------------------------------------------------------

const forwardStep = new Map();
const backwardSteps = new Map();
const arrivals = new Map(); // row -> [[step, number of the gradient so far]]
steps.forEach((step, i) => {
  if (step.kind === "forward") forwardStep.set(step.row, i);
  else backwardSteps.set(step.row, [...(backwardSteps.get(step.row) ?? []), i]);
  const arrive = (row, value) => (arrivals.get(row) ?? arrivals.set(row, []).get(row)).push([i, value]);
  if (step.kind === "backward") arrive(step.row, step.grads[0]);
  for (const c of step.contributions ?? []) if (c.target >= 0) arrive(c.target, c.new);
});

const firstStep = (row) => forwardStep.get(row) ?? Math.min(rows[row].step, steps.length - 1);

function nameOf(row) {
  const entry = rows[row];
  return entry.name || (entry.op ? entry.op : entry.kind === "leaf" ? "leaf" : "input");
}

function titleOf(row) {
  const entry = rows[row];
  if (!entry.op) return nameOf(row);
  return entry.name ? `${entry.op} → ${entry.name}` : entry.op;
}

const MARKS = { ok: "✓", wrong: "✗", kink: "◇", unchecked: "–" };
const MEANINGS = {
  ok: "the rule agrees with finite differences", wrong: "the rule disagrees with finite differences",
  kink: "no derivative here; the rule agrees beside it", unchecked: "not checked",
};

function worstCheck(entries) {
  const order = ["wrong", "unchecked", "kink", "ok"];
  const found = entries.flatMap((row) => row.rules ?? []).map((rule) => rule.check);
  return order.find((status) => found.includes(status)) ?? null;
}

function badge(status, detail) {
  if (!status) return h("span");
  return h("span", { class: `badge ${status}`, role: "img", "aria-label": MEANINGS[status], title: detail ?? MEANINGS[status] }, MARKS[status]);
}
