"use strict";
// Finding rows by their operation, name, module or line of the program.

const find = { text: "", matches: [], at: -1 };

function wordsOf(row) {
  const entry = rows[row];
  const group = groups[entry.group];
  const place = places[entry.where];
  return [entry.op, entry.name, group?.path, group?.class, place && `${place.file}:${place.line}`].filter(Boolean);
}

// Goes to the next match, or with -1 to the one before, and unfolds what it stands in.
function findNext(by = 1) {
  const text = byId("find").value.trim().toLowerCase();
  if (text !== find.text) {
    find.text = text;
    find.matches = text ? rows.flatMap((_, row) => (wordsOf(row).some((w) => w.toLowerCase().includes(text)) ? [row] : [])) : [];
    find.at = by > 0 ? -1 : 0;
  }
  const count = find.matches.length;
  if (count) {
    find.at = (find.at + by + count) % count;
    const row = find.matches[find.at];
    let unfolded = false;
    for (let g = rows[row].group; g >= 0; g = groups[g].parent) unfolded = folded.delete(g) || unfolded;
    if (unfolded) layOutTape();
    goToRow(row);
  }
  byId("found").textContent = text ? (count ? `${find.at + 1} of ${count}` : "none") : "";
}

function onFindKey(event) {
  if (event.key === "Enter") findNext(event.shiftKey ? -1 : 1);
  else if (event.key === "Escape") byId("rows").focus();
  else return;
  event.preventDefault();
}
