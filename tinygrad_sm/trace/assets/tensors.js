"use strict";
// Tensors as numbers, statistics and small pictures.

function tint(part) {
  const side = part < 0 ? "--negative" : "--positive";
  return `--tint: var(${side}); --much: ${Math.min(Math.round(Math.abs(part) * 100), 100)}%`;
}

function card(label, number, notes = []) {
  const value = values[number];
  return h("article", { class: "card", "data-value": number, "aria-label": `tensor ${label}` },
    h("div", { class: "title" }, h("h3", {}, label),
      h("span", { class: "kind" }, `${value.dtype} ${shapeText(value.shape)} · ${bytes(value.bytes)}`)),
    body(value), facts(value), notes.map((note) => h("p", { class: "step-label" }, note)));
}

function body(value) {
  if (value.data && value.data.length <= 64 && (value.shape.at(-1) ?? 1) <= 16) return table(value);
  return pictures(value);
}

// Each number, underlined in proportion to its size.
function table(value, digits = 4) {
  if (!value.data.length) return h("p", { class: "soft" }, "no elements");
  const columns = value.shape.at(-1) ?? 1;
  const largest = Math.max(...value.data.map((x) => Math.abs(asNumber(x))).filter(Number.isFinite), 0) || 1;
  const lines = [];
  for (let i = 0; i < value.data.length; i += columns) {
    const cells = value.data.slice(i, i + columns).map((x) => {
      const number = asNumber(x);
      const odd = !Number.isFinite(number);
      return h("td", { style: odd ? "" : tint(number / largest), class: odd ? "alarm" : "" }, shown(x, digits));
    });
    lines.push(h("tr", {}, cells));
  }
  const flat = value.shape.length < 2;
  return h("div", { class: "scroll" }, h("table", { class: flat ? "numbers flat" : "numbers" }, lines));
}

function pictures(value) {
  const heat = heatOf(value);
  const histogram = histogramOf(value);
  return h("div", { class: "pictures" },
    heat && h("figure", {}, heatMap(heat, 132, 76), h("figcaption", {}, `heat map, ±${shown(heat.largest, 3)}`)),
    histogram && h("figure", {}, bars(histogram, 132, 76), h("figcaption", {}, "histogram")));
}

function heatOf(value) {
  if (value.heat) return value.heat;
  if (!value.data || !value.data.length) return null;
  const numbers = value.data.map(asNumber);
  const largest = Math.max(...numbers.map(Math.abs).filter(Number.isFinite), 0);
  const columns = value.shape.length > 1 ? value.shape.at(-1) : Math.min(numbers.length, 28);
  const cells = numbers.map((x) => (Number.isFinite(x) ? (x / (largest || 1)) * 99 : null));
  return { columns, largest, cells };
}

function histogramOf(value) {
  if (value.histogram) return value.histogram;
  const numbers = (value.data ?? []).map(asNumber).filter(Number.isFinite);
  if (numbers.length < 8) return null;
  const low = Math.min(...numbers);
  const spread = Math.max(...numbers) - low;
  const counts = new Array(spread ? 24 : 1).fill(0);
  for (const x of numbers) counts[spread ? Math.min(Math.floor(((x - low) / spread) * 24), 23) : 0] += 1;
  return counts;
}

function heatMap(heat, width, height) {
  const lines = Math.ceil(heat.cells.length / heat.columns);
  const side = Math.min(width / heat.columns, height / lines, 14);
  const cells = heat.cells.map((part, i) => svg("rect", {
    class: part === null ? "cell hole" : "cell", style: part === null ? null : tint(part / 99),
    x: (i % heat.columns) * side, y: Math.floor(i / heat.columns) * side, width: side + 0.3, height: side + 0.3,
  }));
  return svg("svg", { width: heat.columns * side, height: lines * side, role: "img", "aria-label": "heat map: orange above 0, blue below" }, cells);
}

function bars(counts, width, height) {
  const most = Math.max(...counts);
  const step = width / counts.length;
  return svg("svg", { width, height, role: "img", "aria-label": `histogram of ${counts.length} bars` }, counts.map((n, i) => {
    const tall = (n / most) * (height - 2);
    return svg("rect", { class: "bar", x: i * step, y: height - tall, width: Math.max(step - 1, 1), height: tall });
  }));
}

function facts(value) {
  const s = statistics(value);
  const line = [];
  const fact = (name, x) => line.push(h("span", {}, `${name} `, h("b", {}, shown(x))));
  if (sizeOf(value) > 1 && s.mean !== undefined) {
    fact("min", s.min); fact("max", s.max); fact("mean", s.mean); fact("std", s.std);
    if (s.zeros) line.push(h("span", {}, "zeros ", h("b", {}, String(s.zeros))));
  }
  if (s.nan || s.inf) {
    const where = s.first === undefined || value.sampled ? "" : `, first at ${indexText(s.first, value.shape)}`;
    line.push(h("span", { class: "alarm" }, `⚠ ${s.nan} NaN, ${s.inf} infinite${where}`));
  }
  if (value.sampled) line.push(h("span", {}, `from a sample of ${value.sampled}: the cap on copies was reached`));
  return line.length ? h("div", { class: "facts" }, line) : null;
}

// A value on one line: its number, its few numbers, or a strip of colour with its mean.
function brief(number) {
  const value = values[number];
  const s = statistics(value);
  if (s.nan || s.inf) return h("span", { class: "alarm" }, `⚠ ${s.nan ? "nan" : "inf"}`);
  if (value.data && value.data.length === 1) return h("span", { class: "number" }, shown(value.data[0]));
  const heat = heatOf(value);
  return heat ? strip(heat) : h("span");
}

// One element, not one a cell: the tape shows many.
function strip(heat) {
  const count = Math.min(heat.cells.length, 8);
  const stops = [];
  for (let i = 0; i < count; i += 1) {
    const part = heat.cells[Math.floor((i * heat.cells.length) / count)];
    stops.push(`${colour(part)} ${i * 5}px ${(i + 1) * 5}px`);
  }
  return h("span", { class: "mini", style: `width: ${count * 5}px; background: linear-gradient(90deg, ${stops.join(", ")})`, "aria-hidden": "true" });
}

function colour(part) {
  if (part === null) return "var(--bad)";
  const much = Math.min(Math.round((Math.abs(part) / 99) * 100), 100);
  return `color-mix(in oklab, var(${part < 0 ? "--negative" : "--positive"}) ${much}%, var(--middle))`;
}

// In a sum: the numbers themselves where they are few, else what can be said in a line.
function term(label, number) {
  const value = values[number];
  const few = value.data && value.data.length <= 16 && (value.shape.at(-1) ?? 1) <= 8;
  const s = statistics(value);
  const content = few ? table(value) : h("span", { class: "facts" }, brief(number),
    s.mean === undefined ? null : h("span", {}, "mean ", h("b", {}, shown(s.mean)), " ± ", h("b", {}, shown(s.std))));
  return h("div", { class: "term" }, h("span", { class: "step-label" }, label), content);
}
