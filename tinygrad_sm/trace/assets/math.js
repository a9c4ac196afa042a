"use strict";
// Trees of mathematics (see mathematics.py) as MathML, with names or with the numbers in them.

const MATH = "http://www.w3.org/1998/Math/MathML";
const GREEK = { alpha: "α", beta: "β", gamma: "γ", delta: "δ", lambd: "λ", eps: "ε" };

function m(tag, attributes, ...children) {
  return build(document.createElementNS(MATH, tag), attributes, children);
}

// `numbers` gives for a name the number of a value, the text of an option, or undefined; `result`
// is the number of the value that comes out, put at the end where it is small.
function equation(tree, numbers = NAMES, result = undefined) {
  const math = (...nodes) => m("math", { displaystyle: "true" }, m("mrow", {}, nodes));
  const parts = pieces(tree, numbers).map((piece) => math(...piece));
  if (result !== undefined && isSmall(values[result])) parts.push(math(between("="), literal(values[result], "")));
  return h("div", { class: "equation" }, parts.flatMap((part) => [part, " "]));
}

const NAMES = () => undefined;
const between = (sign) => m("mo", { form: "infix" }, sign);

// A row in pieces between which a line may break: before each sign that stands between two parts,
// after the commas of a call, and within parentheses if there are numbers in them.
function pieces(tree, numbers) {
  const [kind, ...parts] = tree;
  if (kind === "fn" && parts.length > 3) {
    const [name, ...list] = parts;
    const inner = list.map((part, i) => [mathNode(part, numbers), i < list.length - 1 ? m("mo", {}, ",") : null]);
    return enclosed([m("mi", { mathvariant: "normal" }, name), "("], inner);
  }
  if (kind === "paren" && numbers !== NAMES) return enclosed(["("], pieces(parts[0], numbers));
  if (kind !== "row") return [[mathNode(tree, numbers)]];
  const found = [[]];
  parts.forEach((part, i) => {
    const isBetween = part[0] === "op" && part[1].trim() && i > 0 && i < parts.length - 1;
    if (isBetween && part[1] !== "=") found.push([]);
    const own = () => [[isBetween ? between(part[1]) : guarded(part, i, mathNode(part, numbers))]];
    const inner = ["row", "fn", "paren"].includes(part[0]) && parts.length > 1 ? pieces(part, numbers) : own();
    found.at(-1).push(...inner[0]);
    found.push(...inner.slice(1));
  });
  return found;
}

// Pieces in parentheses, which do not grow: they may stand on different lines.
function enclosed([...before], inner) {
  const bracket = (text) => m("mo", { stretchy: inner.length > 1 ? "false" : "true" }, text);
  before[before.length - 1] = bracket(before.at(-1));
  inner[0] = [...before, ...inner[0]];
  inner[inner.length - 1] = [...inner.at(-1), bracket(")")];
  return inner;
}

function mathNode(tree, numbers) {
  const [kind, ...parts] = tree;
  const inner = (i) => mathNode(parts[i], numbers);
  switch (kind) {
    case "id": return identifier(parts[0], numbers);
    case "num": return m("mn", {}, parts[0]);
    case "op": return m("mo", {}, parts[0] === " " ? "\u2009" : parts[0]);
    case "code": return m("mtext", {}, parts[0]);
    case "row": return m("mrow", {}, parts.map((part, i) => guarded(part, i, inner(i))));
    case "paren": return m("mrow", {}, m("mo", {}, "("), inner(0), m("mo", {}, ")"));
    case "frac": return m("mfrac", {}, inner(0), inner(1));
    case "sup": return m("msup", {}, inner(0), inner(1));
    case "sub": return m("msub", {}, inner(0), inner(1));
    case "sqrt": return m("msqrt", {}, inner(0));
    case "abs": return m("mrow", {}, m("mo", {}, "|"), inner(0), m("mo", {}, "|"));
    case "test": return m("mrow", {}, m("mo", {}, "["), inner(0), m("mo", {}, "]"));
    case "partial": return derivative(parts[0]);
    case "fn": return functionCall(parts, numbers);
    case "cases": return cases(parts, numbers);
  }
  return m("mtext", {}, "?");
}

// A negative number in the midst of a product or sum stands in parentheses.
function guarded(part, i, node) {
  const negative = part[0] === "id" && i > 0 && node.textContent.startsWith("−");
  return negative ? m("mrow", {}, m("mo", {}, "("), node, m("mo", {}, ")")) : node;
}

function derivative(argument) {
  const of = (node) => m("mrow", {}, m("mo", {}, "∂"), node);
  return m("mfrac", {}, of(m("mi", {}, "L")), of(mathNode(argument, () => undefined)));
}

function functionCall([name, ...parts], numbers) {
  const list = parts.flatMap((part, i) => [i ? m("mo", {}, ",") : null, mathNode(part, numbers)]);
  return m("mrow", {}, m("mi", { mathvariant: "normal" }, name), m("mo", {}, "("), list, m("mo", {}, ")"));
}

function cases([test, yes, no], numbers) {
  const line = (node, words) => m("mtr", {}, m("mtd", {}, node), m("mtd", {}, words));
  return m("mrow", {}, m("mo", { stretchy: "true" }, "{"),
    m("mtable", { columnalign: "left" },
      line(mathNode(yes, numbers), m("mrow", {}, m("mtext", {}, "where "), mathNode(test, numbers))),
      line(mathNode(no, numbers), m("mtext", {}, "else"))));
}

function identifier(name, numbers) {
  const value = numbers(name);
  if (value === undefined) {
    const text = GREEK[name] ?? name.replace(/^_+|_+$/g, "");
    return m("mi", text.length > 1 ? { mathvariant: "normal" } : {}, text);
  }
  if (typeof value === "string") return m("mtext", {}, value);
  return literal(values[value], name);
}

// The numbers of a small value; a large one by its name and shape.
function isSmall(value) {
  const [columns = 1, rowCount = 1] = [...value.shape].reverse();
  return value.data && value.data.length > 0 && value.shape.length < 3 && columns <= 6 && rowCount <= 5;
}

function literal(value, name) {
  const [columns = 1, rowCount = 1] = [...value.shape].reverse();
  if (!isSmall(value)) {
    return m("msub", {}, m("mi", { mathvariant: "normal" }, name), m("mtext", {}, value.shape.join("×") || "1"));
  }
  const number = (x) => {
    const text = shown(x, 3);
    return text.startsWith("−") ? m("mrow", {}, m("mo", { form: "prefix" }, "−"), m("mn", {}, text.slice(1))) : m("mn", {}, text);
  };
  if (!value.shape.length) return number(value.data[0]);
  const lines = [];
  for (let i = 0; i < rowCount; i += 1) {
    lines.push(m("mtr", {}, value.data.slice(i * columns, (i + 1) * columns).map((x) => m("mtd", {}, number(x)))));
  }
  return m("mrow", {}, m("mo", { stretchy: "true" }, "["), m("mtable", {}, lines), m("mo", { stretchy: "true" }, "]"));
}
