"use strict";
// The flame view: where the time went, one bar an event, what lies within it below. A bar that is
// chosen fills the width, and the tape goes to its step.

const flames = trace.flame ?? [];
const MOST_BARS = 2000; // drawn at once: the longest

function duration(us) {
  if (us >= 1e6) return `${shown(us / 1e6)} s`;
  return us >= 1e3 ? `${shown(us / 1e3)} ms` : `${shown(us)} µs`;
}

function wholeFlame() {
  const end = flames.reduce((most, e) => Math.max(most, e.start + e.time), 0);
  return { start: 0, time: end, depth: 0 };
}

function flameText(e) {
  const where = e.module ? `, in ${e.module}` : "";
  const made = e.bytes ? `, ${bytes(e.bytes)} made` : "";
  return `${e.name} (${e.kind}): ${duration(e.time)}, ${duration(e.own)} by itself${where}${made}`;
}

function drawFlame(shownEvent = wholeFlame()) {
  const { start, time } = shownEvent;
  const scale = 100 / Math.max(time, 1e-9);
  const within = flames.filter((e) => e.start < start + time && e.start + e.time > start);
  const seen = within.length > MOST_BARS ? within.toSorted((a, b) => b.time - a.time).slice(0, MOST_BARS) : within;
  const bars = seen.map((e) => {
    const left = Math.max((e.start - start) * scale, 0);
    const right = Math.min((e.start + e.time - start) * scale, 100);
    return h("button", {
      type: "button", class: `bar ${e.kind}`, title: flameText(e), "aria-label": flameText(e),
      style: `left:${left}%;width:${right - left}%;top:${e.depth * 1.7}rem`,
      onclick: () => chooseFlame(e),
    }, e.name);
  });
  const deepest = seen.reduce((most, e) => Math.max(most, e.depth), 0);
  byId("flame-bars").style.height = `${(deepest + 1) * 1.7}rem`;
  byId("flame-bars").replaceChildren(...bars);
  byId("flame-text").textContent = shownEvent.name ? flameText(shownEvent) : `${duration(time)}, ${plural(flames.length, "event")}`;
}

function chooseFlame(e) {
  drawFlame(e);
  if (e.row < 0) return;
  const after = backwardSteps.get(e.row) ?? [];
  goTo(e.kind === "backward" && after.length ? after[0] : firstStep(e.row));
}

function showFlame() {
  drawFlame();
  byId("flame").showModal();
}
