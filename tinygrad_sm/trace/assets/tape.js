"use strict";
// The tape: only the rows that can be seen are in the document.

const tape = { layout: null, rowHeight: 0, first: -1, last: -1, shown: new Map() };
const breakpoints = new Set();

function layOutTape() {
  tape.layout = layOut();
  const list = byId("rows");
  list.setAttribute("aria-rowcount", tape.layout.items.length);
  clearTape();
  drawTape(true);
}

function drawTape(force = false) {
  const list = byId("rows");
  if (!tape.rowHeight) tape.rowHeight = 1.9 * parseFloat(getComputedStyle(document.documentElement).fontSize);
  const { items } = tape.layout;
  const first = Math.max(Math.floor(list.scrollTop / tape.rowHeight) - 6, 0);
  const last = Math.min(first + Math.ceil(list.clientHeight / tape.rowHeight) + 12, items.length);
  if (!force && first === tape.first && last === tape.last) return;
  [tape.first, tape.last] = [first, last];
  const focused = document.activeElement?.dataset?.break;
  if (!list.firstChild) list.append(h("div", { style: `height: ${items.length * tape.rowHeight}px`, role: "presentation" }));
  for (const [index, { node }] of tape.shown) {
    if (index >= first && index < last) continue;
    node.remove();
    tape.shown.delete(index);
  }
  for (let index = first, before = list.firstChild; index < last; index += 1) before = placeItem(items[index], index, before);
  if (focused !== undefined) list.querySelector(`[data-break="${focused}"]`)?.focus({ preventScroll: true });
}

// Forgets what is drawn: the next drawing begins anew.
function clearTape() {
  byId("rows").replaceChildren();
  tape.shown.clear();
  tape.rowHeight = 0;
}

// The element of a row, after the one before it: made anew only where something on it has changed.
function placeItem(item, index, before) {
  const looks = looksOf(item, index);
  const known = tape.shown.get(index);
  if (known?.looks === looks) return known.node;
  const node = drawItem(item, index);
  if (known) known.node.replaceWith(node);
  else before.after(node);
  tape.shown.set(index, { node, looks });
  return node;
}

function looksOf(item, index) {
  const current = tape.layout.itemOf[steps[state.step]?.row] === index;
  const reached = drawn(item).length > 0 && firstStep(drawn(item)[0]) <= state.step;
  const begun = drawn(item).some((row) => firstStep(row) <= state.step);
  return [current, reached, begun, breakpoints.has(item.row), item.row < 0 ? "" : arrivedAt(item.row)].join();
}

function drawItem(item, index) {
  const current = tape.layout.itemOf[steps[state.step]?.row] === index;
  const ahead = drawn(item).length > 0 && drawn(item).every((row) => firstStep(row) > state.step);
  const kind = item.row < 0 ? "group" : rows[item.row].kind;
  return h("div", {
    class: `row ${kind}${current ? " current" : ""}${ahead ? " ahead" : ""}`, role: "row", id: `item-${index}`,
    style: `top: ${index * tape.rowHeight}px`, "aria-rowindex": index + 1, "aria-level": item.depth + 1,
    "aria-selected": String(current), "aria-expanded": item.row < 0 ? String(!item.folded) : null,
    "data-row": item.row, "data-group": item.group, onclick: () => chooseItem(item),
  },
  breakButton(item),
  h("span", { role: "gridcell" }, laneDrawing(item, tape.layout.width, tape.rowHeight, current)),
  label(item), item.row < 0 ? [] : [shapeCell(item), valueCell(item), gradientCell(item)],
  h("span", { role: "gridcell" }, badge(worstCheck(drawn(item).map((row) => rows[row])))));
}

function breakButton(item) {
  if (item.row < 0 || !rows[item.row].op) return h("span", { role: "gridcell" });
  const set = breakpoints.has(item.row);
  return h("span", { role: "gridcell" }, h("button", {
    class: "break", type: "button", tabindex: set ? 0 : -1, "aria-pressed": String(set), "data-break": item.row,
    "aria-label": `breakpoint on ${titleOf(item.row)}`, title: "breakpoint (b)",
    onclick: (event) => { event.stopPropagation(); toggleBreakpoint(item.row); },
  }, set ? "●" : "○"));
}

function label(item) {
  const indent = `padding-left: ${item.depth * 0.9}rem`;
  if (item.row < 0) {
    const group = groups[item.group];
    const count = item.rows.filter((row) => rows[row].op).length;
    return h("span", { class: "label", role: "gridcell", style: indent },
      h("button", {
        class: "twist", type: "button", tabindex: -1, "aria-label": `${item.folded ? "unfold" : "fold"} ${group.path || group.class}`,
        onclick: (event) => { event.stopPropagation(); toggleFold(item.group); },
      }, item.folded ? "▸" : "▾"),
      h("b", { title: group.path }, pathWithin(group) || group.class), " ",
      h("span", { class: "soft" }, group.path ? `${group.class} · ` : "", plural(count, "op")));
  }
  const entry = rows[item.row];
  const words = { leaf: "leaf", input: "input", earlier: "from before" };
  return h("span", { class: "label", role: "gridcell", style: indent },
    entry.op ? h("b", { title: entry.op }, entry.op) : h("span", { class: "soft" }, words[entry.kind]),
    entry.name ? h("span", { class: "name", title: entry.name }, nameWithin(entry)) : null);
}

// A module's path without that of the one around it; a number keeps the name before it.
function pathWithin({ path, parent }) {
  const around = parent >= 0 ? groups[parent].path : "";
  const rest = around && path.startsWith(`${around}.`) ? path.slice(around.length + 1) : path;
  return /^\d+$/.test(rest) ? path.split(".").slice(-2).join(".") : rest;
}

// A parameter's name without the path of the module that the row stands under.
function nameWithin(entry) {
  const path = entry.group >= 0 ? groups[entry.group].path : "";
  return path && entry.name.startsWith(`${path}.`) ? entry.name.slice(path.length + 1) : entry.name;
}

const short = (shape) => shape.join("×") || "1";

function shapeCell(item) {
  const outs = rows[item.row].outs;
  const shape = outs.length > 1 ? `${outs.length} of ${short(values[outs[0]].shape)}` : short(values[outs[0]].shape);
  return h("span", { class: "shape", role: "gridcell" }, shape);
}

function valueCell(item) {
  const reached = firstStep(item.row) <= state.step;
  return h("span", { class: "value", role: "gridcell" }, reached ? brief(rows[item.row].outs[0]) : null);
}

// The gradient that has arrived at a row so far.
function gradientCell(item) {
  const arrived = arrivedAt(item.row);
  return h("span", { class: "grad", role: "gridcell" }, arrived < 0 ? null : ["∂", brief(arrived)]);
}

function arrivedAt(row) {
  return (arrivals.get(row) ?? []).findLast(([step]) => step <= state.step)?.[1] ?? -1;
}

function chooseItem(item) {
  if (item.row < 0) toggleFold(item.group);
  else goToRow(item.row);
}

function toggleFold(group) {
  if (!folded.delete(group)) folded.add(group);
  layOutTape();
}

function toggleBreakpoint(row) {
  if (!breakpoints.delete(row)) breakpoints.add(row);
  drawTape(true);
  drawMemory();
}

function scrollToCurrent() {
  const list = byId("rows");
  const index = tape.layout.itemOf[steps[state.step]?.row] ?? -1;
  const top = index * tape.rowHeight;
  if (index < 0 || (top >= list.scrollTop + tape.rowHeight && top + 2 * tape.rowHeight <= list.scrollTop + list.clientHeight)) return;
  list.scrollTop = top - list.clientHeight / 2;
}
