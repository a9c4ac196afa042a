"use strict";
// The panes beside the tape: the program's line, the rule, and the tensors of the step.

function drawSource(row, step) {
  const number = step?.kind !== "forward" && step?.walk >= 0 && !rows[row].op ? trace.walks[step.walk].where : rows[row].where;
  const place = places[number];
  byId("source-place").textContent = place ? `${place.file}:${place.line} in ${place.function}` : "";
  const lines = place && trace.files[place.file];
  if (!lines || !Object.keys(lines).length) {
    byId("source-lines").replaceChildren(h("p", { class: "soft listing" }, "The source of this line is not at hand."));
    return;
  }
  const list = h("div", { class: "code" });
  let before = 0;
  for (const [key, text] of Object.entries(lines)) {
    const line = Number(key);
    if (before && line > before + 1) list.append(h("div", { class: "at gap" }, h("span", {}, "⋮"), h("span")));
    before = line;
    const current = line >= place.line && line <= place.last;
    const ran = rowsOfLine.get(`${place.file}:${line}`);
    list.append(h("div", { class: `at${current ? " current" : ""}${ran ? " runs" : ""}` },
      h("span", { onclick: ran ? () => goToRow(ran) : null, title: ran ? "go to what this line ran" : null }, key),
      h("span", {}, current ? marked(text, line, place) : text)));
  }
  byId("source-lines").replaceChildren(list);
  const current = list.querySelector(".current");
  const pane = byId("source-lines");
  if (current) pane.scrollTop = current.offsetTop - pane.offsetTop - pane.clientHeight / 2 + 20;
}

const rowsOfLine = new Map();
rows.forEach((row, i) => {
  const place = places[row.where];
  if (place && row.op && !rowsOfLine.has(`${place.file}:${place.line}`)) rowsOfLine.set(`${place.file}:${place.line}`, i);
});

function marked(text, line, place) {
  if (place.column < 0) return text;
  const start = line === place.line ? place.column : text.length - text.trimStart().length;
  const end = line === place.last ? place.end : text.length;
  return [text.slice(0, start), h("mark", {}, text.slice(start, end)), text.slice(end)];
}

// --- the rule ------------------------------------------------------------------------------------

function drawRule(row, step) {
  const entry = rows[row];
  byId("rule-title").textContent = step.kind === "forward" ? "The operation and its rules" : "The rule";
  const parts = { forward: forwardParts, backward: backwardParts, deliver: deliverParts }[step.kind](row, entry, step);
  byId("rule-body").replaceChildren(...parts);
  byId("rule-body").scrollTop = 0;
}

function heading(text, phase) {
  return h("div", { class: "title" }, h("h3", {}, text), h("span", { class: "phase" }, phase));
}

function forwardParts(row, entry) {
  return [
    heading(titleOf(row), "▶ forward"),
    h("div", { class: "listing" }, callText(entry)),
    keeps(entry),
    ...entry.rules.map((applied) => h("div", { class: "applied" },
      h("div", { class: "title" }, h("span", {}, `rule for `, h("code", {}, entry.args[applied.argument].name)), verdict(applied)),
      ruleText(applied))),
  ];
}

function callText(entry) {
  const list = entry.args.map((a) => (a.value < 0 ? `${a.name}=${a.text}` : a.source >= 0 ? `${a.name}=${nameOf(a.source)}` : a.name));
  return `${entry.name || "out"} = ${entry.op}(${list.join(", ")})`;
}

function keeps(entry) {
  if (!entry.saved.length) return h("p", { class: "step-label" }, "The tape keeps nothing of this operation: no rule names a value.");
  const until = entry.freed === null ? "the end" : `step ${entry.freed + 1}`;
  return h("table", { class: "keeps" },
    h("thead", {}, h("tr", {}, ["the tape keeps", "for the gradient of", "bytes", "until"].map((t) => h("th", { scope: "col" }, t)))),
    h("tbody", {}, entry.saved.map((s) => h("tr", {}, h("td", {}, h("code", {}, s.what)),
      h("td", {}, h("code", {}, s.for.join(", ") || "its definition")), h("td", {}, bytes(s.bytes)), h("td", {}, until)))));
}

function ruleText(applied) {
  const rule = rules[applied.rule];
  const place = rule.file ? `${rule.file}:${rule.line}` : "source not at hand";
  return [
    rule.math.map((tree) => equation(tree)),
    rule.doc ? h("p", { class: "step-label" }, rule.doc.split("\n")[0]) : null,
    h("div", {}, h("span", { class: "step-label" }, place), rule.code ? h("div", { class: "listing rule-code" }, rule.code) : null),
  ].flat();
}

function verdict(applied) {
  const error = applied.error === undefined ? "" : ` ${shown(applied.error, 2)}`;
  const words = { ok: "checked", wrong: "WRONG", kink: "at a kink", unchecked: "not checked" }[applied.check];
  return h("span", { class: "verdict", title: applied.detail }, badge(applied.check, applied.detail), `${words}${error}`);
}

function backwardParts(row, entry, step) {
  const names = (applied) => (name) => (name === "g" ? step.grads[0] : applied.names[name] ?? applied.options[name]);
  const parts = [heading(titleOf(row), "◀ backward"), h("div", { class: "listing" }, callText(entry))];
  if (step.grads.length === 1) parts.push(term("g, the gradient that arrives", step.grads[0]));
  else parts.push(h("p", { class: "step-label" }, `g: ${step.grads.length} gradients arrive, one a result`));
  if (step.definition) parts.push(h("p", {}, "This walk is recorded itself, so the definition of the fused operation was differentiated in place of its rule."));
  for (const c of step.contributions) {
    const applied = entry.rules.find((rule) => rule.argument === c.argument) ?? entry.rules[0];
    parts.push(h("div", { class: "applied" },
      h("div", { class: "title" }, h("span", {}, "to ", target(c)), verdict(applied)),
      ruleText(applied),
      ["ok", "unchecked"].includes(applied.check) ? null : h("p", { class: "step-label" }, applied.detail),
      h("div", {}, h("span", { class: "step-label" }, "with the numbers"),
        rules[applied.rule].math.map((tree, i, all) =>
          equation(tree, names(applied), i === all.length - 1 ? c.raw ?? c.fitted : undefined))),
      summed(c), sum(c)));
  }
  return parts;
}

function target(c) {
  const text = c.target < 0 ? "a tensor from before the trace" : nameOf(c.target) + (c.output ? `[${c.output}]` : "");
  if (c.target < 0) return text;
  return h("button", { class: "link", type: "button", onclick: () => goToRow(c.target) }, text);
}

function summed(c) {
  if (c.raw === undefined) return null;
  const from = shapeText(values[c.raw].shape);
  const to = shapeText(values[c.fitted].shape);
  if (!c.summed.length) return h("p", { class: "note" }, `The engine spread the rule's result ${from} over ${to}.`);
  const axes = c.summed.length > 1 ? `axes ${c.summed.join(", ")}` : `axis ${c.summed[0]}`;
  return h("div", { class: "sum" }, h("p", { class: "note" }, `Broadcast in the forward pass, so the engine summed over ${axes}: ${from} → ${to}.`), term("the rule gave", c.raw));
}

function sum(c) {
  const old = c.old === null
    ? h("div", { class: "term" }, h("span", { class: "step-label" }, "old"), h("span", { class: "number" }, "0"))
    : term("old", c.old);
  const sign = (text) => h("span", { class: "sign", "aria-hidden": "true" }, text);
  return h("div", { class: "sum", role: "group", "aria-label": "old + contribution = new" },
    old, h("div", { class: "signed" }, sign("+"), term("contribution", c.fitted)),
    h("div", { class: "signed" }, sign("="), term("new", c.new)));
}

function deliverParts(row, entry, step) {
  return [
    heading(`${nameOf(row)}.grad`, "◀ delivered"),
    h("p", {}, "The walk is over: the leaf adds what arrived to its ", h("code", {}, "grad"), "."),
    h("div", { class: "applied" }, sum({ old: step.old, fitted: step.grads[0], new: step.new })),
  ];
}

// --- tensors -------------------------------------------------------------------------------------

function drawTensors(row, step) {
  const entry = rows[row];
  const cards = [];
  if (step.kind === "deliver") {
    cards.push(card(`${nameOf(row)}.grad`, step.new), card(nameOf(row), entry.outs[0]));
  } else {
    if (step.kind === "backward") {
      step.grads.forEach((g, i) => cards.push(card(step.grads.length > 1 ? `g[${i}]` : "g", g)));
      step.contributions.forEach((c) => cards.push(card(`∂L/∂${c.target < 0 ? "?" : nameOf(c.target)}`, c.new)));
    }
    entry.outs.forEach((out, i) => cards.push(card(entry.name || (entry.outs.length > 1 ? `out[${i}]` : "out"), out, kept(entry, "out"))));
    for (const a of entry.args) {
      if (a.value >= 0) cards.push(card(a.source >= 0 ? `${a.name} = ${nameOf(a.source)}` : a.name, a.value, kept(entry, a.name)));
    }
  }
  byId("cards").replaceChildren(...cards);
  byId("cards").scrollTop = 0;
}

function kept(entry, name) {
  const found = entry.saved.find((s) => s.what === name);
  if (!found) return ["Not kept by the tape for this operation."];
  return [`Kept by the tape, for the gradient of ${found.for.join(", ") || "its definition"}.`];
}
