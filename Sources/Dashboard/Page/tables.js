// Small makers of elements, numbers and tables.

/** Makes an element with properties and children. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** The line that stands for a curve in lists. */
export function swatch(slot) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("class", `swatch c${slot % 8}`);
  picture.setAttribute("viewBox", "0 0 26 10");
  picture.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", "M0 5h26");
  path.setAttribute("stroke", "currentColor");
  path.setAttribute("stroke-width", "3.5");
  path.setAttribute("stroke-dasharray", ["none", "8 4", "3 3", "9 3 2 3"][Math.floor(slot / 8) % 4]);
  picture.append(path);
  return picture;
}

/** A number with at most so many places, fewer where it is great. */
export function number(value, places) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  if (places > 0 && size > 0 && size < 1e-3) return value.toExponential(2);
  const kept = places === 0 ? 0 : size >= 1000 ? 0 : size >= 10 ? 2 : places;
  return value.toLocaleString("en", { minimumFractionDigits: kept, maximumFractionDigits: kept });
}

/** A time in words. */
export function duration(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`;
}

/** A table whose rows have a heading and then cells; `rows` have `head`, `numbers` and perhaps `kind`. */
export function cells(label, headings, rows, isNumber = () => true) {
  // Roles are given, because on narrow screens the parts are no longer laid out as a table.
  const head = element("tr", { role: "row" }, ...headings.map((text, i) => element("th", {
    scope: "col", role: "columnheader", textContent: text, className: i > 0 && isNumber(i) ? "number" : "" })));
  const body = rows.map(({ head, numbers, kind }) => element("tr", { role: "row", className: kind ?? "" },
    element("th", { scope: "row", role: "rowheader" }, ...head),
    ...numbers.map((value, i) => element("td", {
      role: "cell", className: isNumber(i + 1) ? "number" : "", "data-label": headings[i + 1] },
      ...(value === null ? [] : [value])))));
  return element("table", { role: "table", ariaLabel: label },
    element("thead", { role: "rowgroup" }, head), element("tbody", { role: "rowgroup" }, ...body));
}

/** The table of scores: seeds together, then each run. */
export function scores(entities, deviation) {
  const names = ["last", "best", "picked"];
  const rows = entities.flatMap(({ label, slot, runs, isGroup }) => {
    const own = runs.map((run) => ({
      head: isGroup ? [run.name] : [swatch(slot), run.name],
      numbers: [run.state, run.scoreName, ...names.map((name) => number(run[name], 2)), report(run)],
      kind: isGroup ? "member" : "" }));
    if (!isGroup) return own;
    const finished = runs.filter((run) => run.state === "finished");
    const means = names.map((name) => {
      const values = finished.map((run) => run[name]).filter((value) => value !== undefined);
      if (values.length === 0) return "–";
      const mean = values.reduce((a, b) => a + b) / values.length;
      return number(mean, 2) + (values.length > 1 ? ` ± ${number(deviation(values, mean), 2)}` : "");
    });
    const count = `${finished.length} of ${runs.length} finished`;
    return [{ head: [swatch(slot), label], numbers: [count, runs[0].scoreName, ...means, null], kind: "group" },
      ...own];
  });
  return cells("Scores", ["Run", "State", "Score", "Last", "Best on test", "Picked on validation", "Report"],
    rows, (i) => i > 2 && i < 6);
}

/** A link to a run's report, where there is one. */
export function report(run) {
  if (!run.report) return null;
  return element("a", { href: `/runs/${run.id}/report.html`, target: "_blank", rel: "noopener",
    textContent: "report", ariaLabel: `report of ${run.name}` });
}

/** The table of what differs: for each key the values, and who has them. */
export function differences(found, runs, entities) {
  const rows = found.map(({ key, values }) => {
    const byValue = new Map();
    values.forEach((value, i) => {
      const text = value ?? "not set";
      byValue.set(text, [...(byValue.get(text) ?? []), runs[i]]);
    });
    const parts = [...byValue].map(([value, own]) => element("div", {},
      element("b", { textContent: value }), " ", element("span", { className: "who" }, ...who(own, entities))));
    return { head: [key], numbers: [element("div", {}, ...parts)] };
  });
  return cells("Differences between the recipes", ["Key", "Values"], rows, () => false);
}

// Seeds that all have a value are named by their group.
function who(runs, entities) {
  const own = new Set(runs);
  const names = [];
  for (const { label, slot, runs: members, isGroup } of entities) {
    if (members.every((id) => own.has(id.id))) {
      names.push(element("span", {}, swatch(slot), label));
    } else if (isGroup) {
      names.push(...members.filter((run) => own.has(run.id)).map((run) => element("span", {}, run.name)));
    }
  }
  return names.length > 6 ? [...names.slice(0, 6), element("span", { textContent: `and ${names.length - 6} more` })]
    : names;
}
