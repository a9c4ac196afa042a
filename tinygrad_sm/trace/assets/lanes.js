"use strict";
// Which rows are seen, given what is folded, and in which lane each runs: a commit graph, in which
// a value keeps its lane from the row that makes it to the last row that uses it.

const folded = new Set();
const members = groups.map(() => []); // rows of each call of a module, those of inner calls included
rows.forEach((row, i) => {
  for (let g = row.group; g >= 0; g = groups[g].parent) members[g].push(i);
});
const depths = groups.map((group) => 0);
groups.forEach((group, i) => { depths[i] = group.parent < 0 ? 0 : depths[group.parent] + 1; });

const SEEN_AT_FIRST = 60;

// Fold so that about one screen is left: unfold outer modules before inner ones.
function foldToFit() {
  groups.forEach((_, i) => folded.add(i));
  const outer = groups.map((_, i) => i).sort((a, b) => depths[a] - depths[b] || a - b);
  for (const g of outer) {
    folded.delete(g);
    if (rows.length > SEEN_AT_FIRST && visibleItems().length > SEEN_AT_FIRST) folded.add(g);
  }
}

function visibleItems() {
  const items = [];
  const opened = new Set();
  for (let i = 0; i < rows.length; i += 1) {
    const path = [];
    for (let g = rows[i].group; g >= 0; g = groups[g].parent) path.unshift(g);
    const shut = path.findIndex((g) => folded.has(g));
    for (const g of shut < 0 ? path : path.slice(0, shut + 1)) {
      if (opened.has(g)) continue;
      opened.add(g);
      items.push({ group: g, row: -1, depth: depths[g], folded: folded.has(g), rows: members[g] });
    }
    if (shut < 0) items.push({ group: -1, row: i, depth: path.length, rows: [i] });
  }
  return items;
}

// Gives every item its lane, the lanes that pass it by, and those that end or fork in it.
function layOut() {
  const items = visibleItems();
  const itemOf = new Array(rows.length).fill(-1);
  items.forEach((item, i) => {
    if (item.row >= 0) itemOf[item.row] = i;
    else if (item.folded) for (const row of item.rows) itemOf[row] = i;
  });
  const lastUse = new Array(items.length).fill(-1);
  items.forEach((item, i) => {
    item.parents = [...new Set(drawn(item).flatMap((row) => sources(row)).map((row) => itemOf[row]))].filter((p) => p >= 0 && p < i);
    for (const parent of item.parents) lastUse[parent] = i;
  });
  const lanes = []; // the item whose value runs in each lane, or -1
  let width = 1;
  items.forEach((item, i) => {
    item.into = item.parents.map((parent) => ({ lane: items[parent].lane, goesOn: lastUse[parent] > i }));
    item.passing = lanes.flatMap((held, lane) => (held >= 0 && !item.parents.includes(held) ? [lane] : []));
    for (const parent of item.parents) if (lastUse[parent] === i) lanes[items[parent].lane] = -1;
    if (item.row < 0 && !item.folded) return;
    const ending = item.parents.filter((parent) => lastUse[parent] === i).map((parent) => items[parent].lane);
    const free = lanes.indexOf(-1);
    item.lane = ending.length ? Math.min(...ending) : free >= 0 ? free : lanes.length;
    item.goesOn = lastUse[i] > i;
    lanes[item.lane] = item.goesOn ? i : -1;
    width = Math.max(width, lanes.length);
  });
  return { items, itemOf, width };
}

const drawn = (item) => (item.row >= 0 ? [item.row] : item.folded ? item.rows : []);
const sources = (row) => (rows[row].args ?? []).map((a) => a.source).filter((source) => source >= 0);

function laneDrawing(item, width, height, hot) {
  const gap = Math.min(13, 200 / width);
  const x = (lane) => 8 + lane * gap;
  const middle = height / 2;
  const parts = item.passing.map((lane) => svg("line", { x1: x(lane), x2: x(lane), y1: 0, y2: height }));
  for (const { lane, goesOn } of item.into) {
    if (goesOn) parts.push(svg("line", { x1: x(lane), x2: x(lane), y1: 0, y2: height }));
    const bend = `M${x(lane)} 0 C${x(lane)} ${middle * 0.9} ${x(item.lane)} ${middle * 0.1} ${x(item.lane)} ${middle}`;
    parts.push(svg("path", { d: bend, class: hot ? "hot" : null }));
  }
  if (item.lane !== undefined) {
    if (item.goesOn) parts.push(svg("line", { x1: x(item.lane), x2: x(item.lane), y1: middle, y2: height }));
    parts.push(mark(item, x(item.lane), middle));
  }
  return svg("svg", { class: "lanes", width: 16 + (width - 1) * gap, height, "aria-hidden": "true" }, parts);
}

// A square for a folded module, a ring for a tensor from elsewhere, a disc for an operation.
function mark(item, x, y) {
  if (item.row < 0) return svg("rect", { class: "dot op", x: x - 5, y: y - 5, width: 10, height: 10, rx: 2 });
  const kind = rows[item.row].kind === "earlier" ? "input" : rows[item.row].kind;
  return svg("circle", { class: `dot ${kind}`, cx: x, cy: y, r: kind === "op" ? 5 : 4 });
}
