// Which runs are shown, and the list in which they are chosen.

import { duration, element, number, report, swatch } from "./tables.js";

/** The chosen runs, which the page's address keeps. */
export class Selection {
  follows = false;
  joinsSeeds = true;

  /** Nil: the newest recipes. `all`: also those to come. */
  chosen = null;

  constructor(runs, changed) {
    this.runs = runs;
    this.changed = changed;
    for (const part of location.hash.slice(1).split("&")) {
      const [name, value] = part.split("=");
      if (name === "newest") this.follows = true;
      if (name === "seeds") this.joinsSeeds = value !== "single";
      if (name === "runs") this.chosen = value === "all" ? "all" : new Set(value.split(",").map(Number));
    }
  }

  /** All runs, the newest first. */
  ordered() {
    return [...this.runs.values()].sort((a, b) => b.begun - a.begun || b.id - a.id);
  }

  shown() {
    const all = this.ordered();
    if (this.follows) return all.slice(0, 1);
    if (this.chosen === "all") return all;
    if (this.chosen) return all.filter((run) => this.chosen.has(run.id));
    const newest = new Set();
    for (const run of all) {
      if (newest.size < 4) newest.add(run.group);
    }
    return all.filter((run) => newest.has(run.group)).slice(0, 24);
  }

  /** What is drawn as one curve each: runs, and the seeds of a recipe together. */
  entities() {
    const groups = new Map();
    const made = [];
    for (const run of this.shown()) {
      const group = groups.get(run.group);
      // Of a seed that was run twice the newer run counts.
      if (this.joinsSeeds && group && !group.runs.some((other) => other.seed === run.seed)) {
        group.runs.push(run);
        continue;
      }
      const entity = { key: `run ${run.id}`, label: run.name, runs: [run], isGroup: false };
      if (!group) groups.set(run.group, entity);
      made.push(entity);
    }
    for (const entity of made.filter((entity) => entity.runs.length > 1)) {
      entity.isGroup = true;
      entity.key = `group ${entity.runs[0].group}`;
      entity.runs.sort((a, b) => a.seed - b.seed);
      entity.label = `${common(entity.runs)}, ${entity.runs.length} seeds`;
    }
    return made;
  }

  choose(runs) {
    this.follows = false;
    this.chosen = runs && new Set(runs.map((run) => run.id));
    this.#keep();
  }

  chooseAll() {
    this.follows = false;
    this.chosen = "all";
    this.#keep();
  }

  toggle(id, isOn) {
    const runs = this.shown().filter((run) => run.id !== id);
    this.choose(isOn ? [...runs, this.runs.get(id)] : runs);
  }

  follow(isOn) {
    this.follows = isOn;
    this.#keep();
  }

  joinSeeds(isOn) {
    this.joinsSeeds = isOn;
    this.#keep();
  }

  #keep() {
    const parts = [];
    if (this.chosen) parts.push(`runs=${this.chosen === "all" ? "all" : [...this.chosen].join()}`);
    if (this.follows) parts.push("newest");
    if (!this.joinsSeeds) parts.push("seeds=single");
    history.replaceState(null, "", parts.length > 0 ? `#${parts.join("&")}` : location.pathname);
    this.changed();
  }
}

// What the names of several seeds have in common; without that the recipe and the method.
function common(runs) {
  let name = runs[0].name;
  for (const run of runs) {
    while (!run.name.startsWith(name)) name = name.slice(0, -1);
  }
  name = name.replace(/[-_/ ]*(seeds?)?[-_/ ]*$/, "");
  return name || `${runs[0].recipe}, ${runs[0].method}`;
}

/** The list of runs. */
export class List {
  #rows = new Map();
  #text = "";

  constructor(list, selection) {
    this.list = list;
    this.selection = selection;
  }

  /** Puts all runs into the list, and shows which are chosen in which colour. */
  show(entities, slotOf) {
    const slots = new Map(entities.flatMap(({ key, runs }) => runs.map((run) => [run.id, slotOf.get(key)])));
    const ordered = this.selection.ordered();
    const ids = new Set(ordered.map((run) => run.id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.item.remove();
      this.#rows.delete(id);
    }
    ordered.forEach((run, i) => {
      if (!this.#rows.has(run.id)) this.#rows.set(run.id, this.#row(run.id));
      const row = this.#rows.get(run.id);
      const slot = slots.get(run.id);
      row.box.checked = slot !== undefined;
      if (row.slot !== slot) row.name.replaceChildren(...(slot === undefined ? [] : [swatch(slot)]), run.name);
      row.slot = slot;
      // What stays in its place keeps the focus.
      if (this.list.children[i] !== row.item) this.list.insertBefore(row.item, this.list.children[i] ?? null);
    });
    this.update(ids);
    this.filter(this.#text);
  }

  /** Shows where some runs stand. */
  update(ids) {
    for (const id of ids) {
      const row = this.#rows.get(id);
      const run = this.selection.runs.get(id);
      if (!row || !run) continue;
      const facts = [`epoch ${number(run.epoch, 0)} of ${number(run.epochs, 0)}`];
      if (run.last !== undefined) facts.push(`${run.scoreName} ${number(run.last, 2)}`);
      if (run.state === "running") {
        if (run.imagesPerSecond !== undefined) facts.push(`${number(run.imagesPerSecond, 0)} images/s`);
        facts.push(run.left === undefined ? "time left not known" : `${duration(run.left)} left`);
      }
      const state = element("span", { className: "state", textContent: run.state, "data-state": run.state });
      row.facts.replaceChildren(state, ` · ${facts.join(" · ")}`);
      row.progress.hidden = run.state !== "running" || !run.steps;
      row.progress.max = run.steps ?? 1;
      row.progress.value = run.step;
      const link = report(run);
      const more = [...(run.reason ? [run.reason] : []), ...(link ? [link] : [])];
      if (row.more.textContent !== more.map((part) => part.textContent ?? part).join("")) {
        row.more.replaceChildren(...more);
      }
      row.more.hidden = more.length === 0;
    }
  }

  /** Hides the runs without a text in their name, recipe, method or state. */
  filter(text) {
    this.#text = text;
    const wanted = text.toLowerCase().split(/\s+/);
    for (const [id, row] of this.#rows) {
      const run = this.selection.runs.get(id);
      const own = `${run.name} ${run.recipe} ${run.method} ${run.state}`.toLowerCase();
      row.item.hidden = !wanted.every((word) => own.includes(word));
    }
  }

  #row(id) {
    const box = element("input", { type: "checkbox" });
    const name = element("span", { className: "name" });
    const facts = element("span", { className: "facts" });
    const progress = element("progress", { ariaLabel: "steps done" });
    const more = element("span", { className: "more", hidden: true });
    const item = element("li", {}, element("label", {}, box, name, facts, progress), more);
    box.addEventListener("change", () => this.selection.toggle(id, box.checked));
    return { item, box, name, facts, progress, more, slot: null };
  }
}
