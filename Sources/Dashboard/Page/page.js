// Takes the server's events, and shows the chosen runs.

import { Chart } from "./chart.js";
import { band, Curve, deviation } from "./curves.js";
import { groups, jump, rank } from "./parts.js";
import { List, Selection } from "./runs.js";
import { differences, element, scores, swatch } from "./tables.js";
import { onTheme, palette } from "./theme.js";

const find = (id) => document.getElementById(id);
const runs = new Map();
const curves = new Map();
const charts = new Map();
const selection = new Selection(runs, () => show());
const list = new List(find("list"), selection);
let entities = [];
let slotOf = new Map();
let isReady = false, isFirst = true, wantsTables = false, lastEvent = "";
let frame = 0, received = 0, colors = null;
const bands = new Map();

// What the server sends

function connect() {
  const source = new EventSource(lastEvent ? `/events?after=${lastEvent}` : "/events");
  source.onopen = () => link("live", "live");
  source.onmessage = (event) => {
    receive(JSON.parse(event.data));
    if (event.lastEventId) lastEvent = event.lastEventId;
  };
  source.onerror = () => {
    link("lost", "connection lost, trying again");
    // A browser tries again by itself unless the answer was no stream.
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 2000);
  };
}

function link(state, text) {
  if (find("link").dataset.state === state) return;
  find("link").dataset.state = state;
  find("link").textContent = text;
}

function receive(message) {
  received ||= performance.now();
  if (message.reset) {
    runs.clear();
    curves.clear();
    isReady = false;
    find("records").textContent = message.records;
  }
  if ("problem" in message) {
    find("problem").hidden = message.problem === null;
    find("problem").textContent = message.problem ?? "";
  }
  for (const id of message.gone ?? []) {
    runs.delete(id);
    curves.delete(id);
  }
  for (const { fixed, ...changing } of message.runs ?? []) {
    // What a run no longer has is left out of its line.
    const known = runs.get(changing.id);
    const run = { ...(fixed ?? known?.fixed), fixed: fixed ?? known?.fixed, ...changing };
    runs.set(run.id, run);
    // The rows of the tables change with these alone.
    wantsTables ||= ["state", "last", "best", "picked", "report"].some((name) => run[name] !== known?.[name]);
  }
  for (const { run, name, steps, values, whole } of message.curves ?? []) {
    if (!curves.has(run)) curves.set(run, new Map());
    const own = curves.get(run);
    if (!own.has(name)) own.set(name, new Curve());
    own.get(name).add(steps, values, whole);
    if (isReady && charts.has(name)) charts.get(name).isDirty ||= isShown(run);
  }
  if (message.ready) isReady = true;
  if (!isReady) return;
  const isOther = message.ready || message.gone || (message.runs ?? []).some((run) => run.fixed);
  if (isOther) return show();
  list.update((message.runs ?? []).map((run) => run.id));
  makeCharts();
  schedule();
}

function isShown(id) { return entities.some((entity) => entity.runs.some((run) => run.id === id)); }

// What is shown

/** Decides anew which curves there are, after a choice or a new run. */
function show() {
  if (!isReady) return;
  entities = selection.entities();
  takeSlots();
  list.show(entities, slotOf);
  const own = entities.map((entity) => ({ ...entity, slot: slotOf.get(entity.key) }));
  const named = own.slice(0, 12).map(({ label, slot }) => element("li", {}, swatch(slot), label));
  if (own.length > 12) named.push(element("li", { textContent: `and ${own.length - 12} more` }));
  find("legend").replaceChildren(...named);
  const count = selection.shown().length;
  find("count").textContent = `${count} of ${runs.size} shown`;
  find("follow").checked = selection.follows;
  find("seeds").checked = selection.joinsSeeds;
  find("empty").hidden = count > 0;
  find("empty").textContent = runs.size === 0
    ? "No runs yet. They appear here as soon as train, distill, reproduce or ablate begins one."
    : "No run is chosen. Choose some in the list of runs.";
  bands.clear();
  for (const chart of charts.values()) chart.isDirty = true;
  wantsTables = true;
  makeCharts();
  schedule();
  compare();
}

/** A curve keeps its colour as long as it is shown. */
function takeSlots() {
  const kept = new Map(entities.filter(({ key }) => slotOf.has(key)).map(({ key }) => [key, slotOf.get(key)]));
  const used = new Set(kept.values());
  let next = 0;
  for (const { key } of entities) {
    if (kept.has(key)) continue;
    while (used.has(next)) next++;
    used.add(next);
    kept.set(key, next);
  }
  slotOf = kept;
}

/** Makes a chart for each name that the shown runs have, in its part of the page. */
function makeCharts() {
  const names = new Set();
  const score = new Set(["top1", "top5"]);
  for (const run of selection.shown()) {
    score.add(run.scoreName);
    for (const name of curves.get(run.id)?.keys() ?? []) names.add(name);
  }
  const wanted = [...names].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  if (wanted.join() === [...charts.keys()].join()) return;
  const known = new Map(charts);
  charts.clear();
  const places = groups.map(([title]) => ({ title, figures: [] }));
  for (const name of wanted) {
    charts.set(name, known.get(name) ?? new Chart(name));
    charts.get(name).isDirty = true;
    places[groups.findIndex(([, fits]) => fits(name, score))].figures.push(charts.get(name).figure);
  }
  find("charts").replaceChildren(...places.filter(({ figures }) => figures.length > 0).map(
    ({ title, figures }) => element("section", { ariaLabel: title },
      element("h2", { textContent: title }), element("div", { className: "grid" }, ...figures))));
  jump();
}

function schedule() { frame ||= requestAnimationFrame(draw); }

function draw() {
  frame = 0;
  colors ??= palette();
  for (const chart of charts.values()) {
    if (chart.isDirty && chart.isNear) chart.draw(items(chart.name), colors);
  }
  if (wantsTables && isReady) tabulate();
  const start = received;
  received = 0;
  // After the browser has put the frame on the screen.
  setTimeout(() => {
    if (isFirst && isReady) performance.mark("drawn");
    else if (start) performance.measure("update", { start, end: performance.now() });
    if (isReady) isFirst = false;
    if (performance.getEntriesByName("update").length > 100) performance.clearMeasures("update");
  });
}

function items(name) {
  return entities.flatMap(({ key, label, runs: own, isGroup }) => {
    const found = own.map((run) => curves.get(run.id)?.get(name)).filter((curve) => curve?.count > 0);
    if (found.length === 0) return [];
    return [{ label, slot: slotOf.get(key), curve: isGroup ? joined(`${key} ${name}`, found) : found[0] }];
  });
}

/** The mean of several curves, made anew only where one of them has grown. */
function joined(key, own) {
  const stamp = own.map((curve) => curve.stamp).join();
  if (bands.get(key)?.stamp !== stamp) {
    bands.set(key, { stamp, curve: own.length > 1 ? band(own) : own[0] });
  }
  return bands.get(key).curve;
}

function tabulate() {
  wantsTables = false;
  const own = entities.map((entity) => ({ ...entity, slot: slotOf.get(entity.key),
    runs: entity.runs.map((run) => runs.get(run.id)) }));
  if (find("scores").hidden !== (own.length === 0)) {
    find("scores").hidden = own.length === 0;
    jump();
  }
  find("scores-table").replaceChildren(scores(own, deviation));
}

let comparison = 0, compared = "";

async function compare() {
  const shown = selection.shown().map((run) => run.id);
  const ids = shown.join();
  if (ids === compared) return;
  compared = ids;
  const own = ++comparison;
  find("differences").hidden = shown.length < 2;
  jump();
  if (shown.length < 2) return;
  const answer = await fetch(`/differences?runs=${ids}`);
  if (own !== comparison || !answer.ok) return;
  const found = (await answer.json()).filter(({ key }) => key !== "seed" || !selection.joinsSeeds);
  const named = entities.map((entity) => ({ ...entity, slot: slotOf.get(entity.key) }));
  find("differences-table").replaceChildren(found.length > 0
    ? differences(found, shown, named)
    : element("p", { className: "note", textContent: "Nothing but the seeds." }));
}

// The page's controls

function redraw() {
  colors = null;
  for (const chart of charts.values()) chart.isDirty = true;
  schedule();
}

// The page's address keeps the choice, so that no link may change it.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  find("curves").focus();
});
find("follow").addEventListener("change", (event) => selection.follow(event.target.checked));
find("seeds").addEventListener("change", (event) => selection.joinSeeds(event.target.checked));
find("search").addEventListener("input", (event) => list.filter(event.target.value));
find("show-newest").addEventListener("click", () => selection.choose(null));
find("show-running").addEventListener("click", () => selection.choose(
  [...runs.values()].filter((run) => run.state === "running")));
find("show-all").addEventListener("click", () => selection.chooseAll());
find("show-none").addEventListener("click", () => selection.choose([]));
addEventListener("scroll", schedule, { passive: true });
new ResizeObserver(redraw).observe(find("charts"));
onTheme(redraw);
connect();
