// One chart on a canvas, with a crosshair for pointer and keyboard, and a table of its numbers.

import { dashes, fill, line, stroke, ticks } from "./pen.js";
import { cells, element, number, swatch } from "./tables.js";

/** How a chart's name reads, and what its numbers are counted in. */
export function about(name) {
  const [where, what] = name.includes("/") ? name.split(/\/(.*)/) : ["", name];
  const places = { step: "single steps", train: "training", validation: "validation", test: "test set" };
  const titles = {
    images_per_second: ["Images per second", "images/s", 1], seconds: ["Time of an epoch", "s", 1],
    peak_memory_bytes: ["Peak memory", "GiB", 2 ** 30], learning_rate: ["Learning rate", "", 1],
  };
  const [title, unit, scale] = titles[name] ?? [
    places[where] ? `${what}, ${places[where]}` : name, /^top\d+$/.test(what) ? "%" : "", 1];
  return { title, unit, scale };
}

export class Chart {
  isDirty = true;
  #items = [];
  #cursor = null;
  #view = null;

  constructor(name) {
    this.name = name;
    Object.assign(this, about(name));
    this.canvas = element("canvas", { tabIndex: 0, role: "slider" });
    this.readout = element("ul", { className: "readout", hidden: true, ariaHidden: "true" });
    this.table = element("div");
    this.details = element("details", {}, element("summary", { textContent: "Numbers" }), this.table);
    const unit = this.unit ? ` (${this.unit})` : "";
    this.figure = element("figure", {},
      element("figcaption", {}, element("h3", {}, this.title,
        element("span", { className: "unit", textContent: unit }))),
      element("div", { className: "plot" }, this.canvas, this.readout), this.details);
    this.canvas.ariaLabel = `${this.title}${unit} by step; left and right arrows move along it`;
    this.canvas.addEventListener("pointermove", (event) => this.#point(event.offsetX));
    this.canvas.addEventListener("pointerleave", () => this.#move(null));
    this.canvas.addEventListener("blur", () => this.#move(null));
    this.canvas.addEventListener("keydown", (event) => this.#key(event));
    this.details.addEventListener("toggle", () => this.#tabulate());
  }

  /** Draws curves: each has `curve`, `label`, `slot`. */
  draw(items, colors) {
    this.#items = items;
    this.colors = colors;
    this.isDirty = false;
    this.#paint();
    if (this.details.open) this.#tabulate();
  }

  get isNear() {
    const box = this.figure.getBoundingClientRect();
    return box.bottom > -200 && box.top < innerHeight + 200;
  }

  #paint() {
    const { canvas, colors } = this;
    const width = canvas.clientWidth, height = canvas.clientHeight, ratio = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const range = this.#range();
    if (!range) return;
    pen.font = "12px system-ui, 'Liberation Sans', sans-serif";
    const marks = ticks(range.low / this.scale, range.high / this.scale, 7);
    const texts = marks.values.map((value) => value.toFixed(marks.places));
    const left = Math.ceil(Math.max(...texts.map((text) => pen.measureText(text).width))) + 10;
    const view = { left, right: width - 12, top: 8, bottom: height - 34, ...range };
    this.#view = view;
    const x = (step) => view.left + (step - range.first) / (range.last - range.first) * (view.right - view.left);
    const y = (value) => view.bottom - (value - range.low) / (range.high - range.low) * (view.bottom - view.top);
    this.#axes(pen, view, x, y, marks, texts);
    for (const { curve, slot } of this.#items) {
      pen.strokeStyle = pen.fillStyle = colors.lines[slot % colors.lines.length];
      if (curve.low) fill(pen, curve, x, y);
      pen.lineWidth = this.#items.length > 12 ? 1.1 : 1.7;
      pen.setLineDash(dashes[Math.floor(slot / colors.lines.length) % dashes.length]);
      stroke(pen, curve, x, y);
    }
    pen.setLineDash([]);
    if (this.#cursor !== null) this.#cross(pen, view, x, y);
    this.canvas.setAttribute("aria-valuemin", range.first);
    this.canvas.setAttribute("aria-valuemax", range.last);
    if (this.#cursor === null) {
      this.canvas.setAttribute("aria-valuenow", range.last);
      this.canvas.setAttribute("aria-valuetext", this.#spoken(range.last));
    }
  }

  #axes(pen, view, x, y, marks, texts) {
    pen.lineWidth = 1;
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    marks.values.forEach((value, i) => {
      const at = Math.round(y(value * this.scale)) + 0.5;
      pen.strokeStyle = this.colors.grid;
      line(pen, view.left, at, view.right, at);
      pen.fillStyle = this.colors.quiet;
      pen.fillText(texts[i], view.left - 6, at);
    });
    pen.textBaseline = "top";
    pen.textAlign = "center";
    const steps = ticks(view.first, view.last, Math.max(2, Math.floor((view.right - view.left) / 90)));
    for (const step of steps.values) {
      const at = Math.round(x(step)) + 0.5;
      pen.strokeStyle = this.colors.axis;
      line(pen, at, view.bottom, at, view.bottom + 4);
      const half = pen.measureText(number(step, 0)).width / 2;
      pen.fillText(number(step, 0), Math.min(at, view.right + 10 - half), view.bottom + 7);
    }
    pen.strokeStyle = this.colors.axis;
    line(pen, view.left, view.bottom + 0.5, view.right, view.bottom + 0.5);
    pen.textAlign = "right";
    pen.fillText("step", view.right, view.bottom + 21);
  }

  #cross(pen, view, x, y) {
    pen.strokeStyle = this.colors.quiet;
    const at = Math.round(x(this.#cursor)) + 0.5;
    line(pen, at, view.top, at, view.bottom);
    for (const { curve, slot } of this.#items) {
      const i = curve.nearest(this.#cursor);
      if (Number.isNaN(curve.values[i])) continue;
      pen.fillStyle = this.colors.lines[slot % this.colors.lines.length];
      pen.beginPath();
      pen.arc(x(curve.steps[i]), y(curve.values[i]), 3, 0, 7);
      pen.fill();
    }
  }

  #range() {
    let [first, last, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const { curve } of this.#items) {
      if (curve.count === 0) continue;
      first = Math.min(first, curve.steps[0]);
      last = Math.max(last, curve.steps[curve.count - 1]);
      for (let i = 0; i < curve.count; i++) {
        const bottom = curve.low ? curve.low[i] : curve.values[i];
        const top = curve.high ? curve.high[i] : curve.values[i];
        if (bottom < low) low = bottom;
        if (top > high) high = top;
      }
    }
    if (low === Infinity) return null;
    if (first === last) { first -= 1; last += 1; }
    const pad = high > low ? (high - low) * 0.05 : Math.abs(high) * 0.05 || 1;
    return { first, last, low: low - pad, high: high + pad };
  }

  #point(offset) {
    const view = this.#view;
    if (!view) return;
    const share = (offset - view.left) / (view.right - view.left);
    this.#move(view.first + Math.min(1, Math.max(0, share)) * (view.last - view.first));
  }

  #key(event) {
    const view = this.#view;
    const moves = { ArrowLeft: -0.02, ArrowRight: 0.02, PageUp: 0.1, PageDown: -0.1, Home: -9, End: 9 };
    if (!view || !(event.key in moves)) return;
    event.preventDefault();
    const to = (this.#cursor ?? view.last) + moves[event.key] * (view.last - view.first);
    this.#move(Math.min(view.last, Math.max(view.first, to)));
  }

  #move(step) {
    if (step !== null && this.#items.length > 0) {
      const { curve } = this.#items.reduce((a, b) => (b.curve.count > a.curve.count ? b : a));
      step = curve.steps[curve.nearest(step)];
    }
    if (step === this.#cursor) return;
    this.#cursor = step;
    requestAnimationFrame(() => this.#paint());
    this.readout.hidden = step === null;
    if (step === null) return;
    this.canvas.setAttribute("aria-valuenow", step);
    this.canvas.setAttribute("aria-valuetext", this.#spoken(step));
    const rows = this.#at(step);
    this.readout.replaceChildren(
      element("li", {}, element("b", { textContent: `step ${number(step, 0)}` })),
      ...rows.slice(0, 8).map(({ item, value }) => element("li", {}, swatch(item.slot), item.label,
        element("b", { textContent: this.text(value) }))),
      ...(rows.length > 8 ? [element("li", { textContent: `and ${rows.length - 8} more` })] : []));
    const isRight = (step - this.#view.first) / (this.#view.last - this.#view.first) > 0.5;
    this.readout.style.left = isRight ? `${this.#view.left}px` : "auto";
    this.readout.style.right = isRight ? "auto" : "12px";
  }

  #at(step) {
    return this.#items.filter(({ curve }) => curve.count > 0)
      .map((item) => ({ item, value: item.curve.values[item.curve.nearest(step)] }))
      .sort((a, b) => b.value - a.value);
  }

  #spoken(step) {
    const texts = this.#at(step).slice(0, 8).map(({ item, value }) => `${item.label} ${this.text(value)}`);
    return `step ${number(step, 0)}: ${texts.join("; ")}`;
  }

  text(value) { return number(value / this.scale, 4); }

  #tabulate() {
    if (!this.details.open) return;
    const rows = this.#items.filter(({ curve }) => curve.count > 0).map(({ curve, label, slot }) => {
      const values = [...curve.values.subarray(0, curve.count)].filter((value) => !Number.isNaN(value));
      const low = values.reduce((a, b) => Math.min(a, b), Infinity);
      const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
      return { head: [swatch(slot), label], numbers: [
        number(curve.steps[curve.count - 1], 0), this.text(curve.values[curve.count - 1]),
        this.text(low), this.text(high)] };
    });
    this.table.replaceChildren(cells(`${this.title}: numbers`,
      ["Run", "Last step", "Last", "Least", "Greatest"], rows));
  }
}
