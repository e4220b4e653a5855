// What a chart draws with.

/** How the lines of a second, third and fourth round of colours are dashed. */
export const dashes = [[], [7, 4], [2, 3], [9, 3, 2, 3]];

export function line(pen, x0, y0, x1, y1) {
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.stroke();
}

export function stroke(pen, curve, x, y) {
  pen.beginPath();
  let isDown = false;
  for (let i = 0; i < curve.count; i++) {
    const value = curve.values[i];
    if (Number.isNaN(value)) { isDown = false; continue; }
    if (isDown) pen.lineTo(x(curve.steps[i]), y(value));
    else pen.moveTo(x(curve.steps[i]), y(value));
    isDown = true;
  }
  pen.stroke();
  // A single point is no line.
  if (curve.count === 1 && isDown) pen.fillRect(x(curve.steps[0]) - 2, y(curve.values[0]) - 2, 4, 4);
}

export function fill(pen, curve, x, y) {
  pen.globalAlpha = 0.18;
  pen.beginPath();
  for (let i = 0; i < curve.count; i++) pen.lineTo(x(curve.steps[i]), y(curve.high[i]));
  for (let i = curve.count - 1; i >= 0; i--) pen.lineTo(x(curve.steps[i]), y(curve.low[i]));
  pen.fill();
  pen.globalAlpha = 1;
}

/** Round numbers within a range, and how many places behind the point they need. */
export function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const values = [];
  for (let i = Math.ceil(low / step); i * step <= high; i++) values.push(i * step);
  return { values, places: Math.min(12, Math.max(0, -Math.floor(Math.log10(step) + 1e-9))) };
}
