// The parts of the page, and which curve belongs into which.

import { element } from "./tables.js";

/** Titles, and which names of curves they take; the first that fits counts. */
export const groups = [
  ["Accuracy", isScore],
  ["Loss terms, single steps", (name) => name.startsWith("step/")],
  ["Loss terms, means of epochs", (name) => /^(train|test|validation)\//.test(name)],
  ["Throughput and cost", () => true],
];

// Of training everything but the scores is a loss term; of the images that judge only what is called so.
function isScore(name, scores) {
  const [where, ...what] = name.split("/");
  if (where === "train") return scores.has(what.join("/"));
  return (where === "test" || where === "validation") && !/loss/.test(name);
}

/** Links to the parts of a long page; they leave its address alone, which keeps the choice. */
export function jump() {
  const parts = [...document.querySelectorAll("#charts section, #scores, #differences")];
  document.getElementById("jump").replaceChildren(...parts.filter((part) => !part.hidden).map((part) => {
    const title = part.querySelector("h2").textContent;
    const button = element("button", { type: "button", textContent: title });
    button.addEventListener("click", () => part.scrollIntoView());
    return button;
  }));
}

/** Which charts come first. */
export function rank(name) {
  const first = ["test/top1", "test/AP", "validation/top1", "validation/AP", "test/top5", "step/total",
    "train/total", "images_per_second"];
  return first.includes(name) ? first.indexOf(name) : first.length;
}
