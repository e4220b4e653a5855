// Light and dark, and the colours of either.

import { element } from "./tables.js";

const slots = 8;

/** The colours as they are now, which a canvas cannot read from names. */
export function palette() {
  const probe = element("span", { hidden: true });
  document.body.append(probe);
  const color = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colors = { grid: color("grid"), axis: color("line"), quiet: color("quiet"),
    lines: Array.from({ length: slots }, (_, i) => color(`c${i}`)) };
  probe.remove();
  return colors;
}

/** Lets the user choose, keeps the choice, and tells of each change. */
export function onTheme(changed) {
  const select = document.getElementById("theme");
  const use = (theme) => {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    select.value = theme;
    changed();
  };
  select.addEventListener("change", () => {
    localStorage.setItem("theme", select.value);
    use(select.value);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  use(localStorage.getItem("theme") ?? "");
}
