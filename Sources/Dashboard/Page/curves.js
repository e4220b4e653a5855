// Curves in memory, and what is made of several of them.

const most = 1600;
let stamps = 0;

/** The numbers of one curve of a run, by step. */
export class Curve {
  steps = new Float64Array(512);
  values = new Float64Array(512);
  count = 0;

  /** Adds points; `steps` holds the first step and the distances of the others. */
  add(steps, values, isWhole) {
    if (isWhole) this.count = 0;
    this.stamp = ++stamps;
    let step = 0;
    for (let i = 0; i < steps.length; i++) {
      step += steps[i];
      this.push(step, values[i] === null ? NaN : values[i]);
    }
    if (this.count > most) this.thin(most / 2);
  }

  push(step, value) {
    if (this.count === this.steps.length) {
      for (const name of ["steps", "values"]) {
        const wider = new Float64Array(2 * this.count);
        wider.set(this[name]);
        this[name] = wider;
      }
    }
    this.steps[this.count] = step;
    this.values[this.count++] = value;
  }

  /** Keeps the least and the greatest value of each stretch of steps, as the server does. */
  thin(limit) {
    const { steps, values, count } = this;
    const stretches = limit / 2, first = steps[0], span = steps[count - 1] - first + 1;
    let kept = 0, i = 0;
    for (let stretch = 1; stretch <= stretches; stretch++) {
      const end = first + span * stretch / stretches;
      let low = i, high = i, next = i;
      for (; next < count && steps[next] < end; next++) {
        if (Number.isNaN(values[low]) || values[next] < values[low]) low = next;
        if (Number.isNaN(values[high]) || values[next] > values[high]) high = next;
      }
      if (next === i) continue;
      // What is kept lies before what is still to be read.
      const pair = low === high ? [low] : [Math.min(low, high), Math.max(low, high)];
      const points = pair.map((at) => [steps[at], values[at]]);
      for (const [step, value] of points) {
        steps[kept] = step;
        values[kept++] = value;
      }
      i = next;
    }
    this.count = kept;
  }

  /** The place of the point that is nearest to a step. */
  nearest(step) {
    let low = 0, high = this.count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.steps[middle] < step) low = middle + 1;
      else high = middle;
    }
    return low > 0 && step - this.steps[low - 1] < this.steps[low] - step ? low - 1 : low;
  }
}

/** The mean of several curves with one sample standard deviation around it. */
export function band(curves) {
  const grid = commonSteps(curves);
  const rows = curves.map((curve) => resampled(curve, grid));
  const mean = new Curve(), low = [], high = [];
  for (let i = 0; i < grid.length; i++) {
    const values = rows.map((row) => row[i]).filter((value) => !Number.isNaN(value));
    if (values.length === 0) continue;
    const middle = values.reduce((a, b) => a + b) / values.length;
    const spread = deviation(values, middle);
    mean.push(grid[i], middle);
    low.push(middle - spread);
    high.push(middle + spread);
  }
  mean.low = low;
  mean.high = high;
  return mean;
}

/** The sample standard deviation; 0 of a single number. */
export function deviation(values, mean) {
  if (values.length < 2) return 0;
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1));
}

// Those of epochs are shared by all seeds; of single steps each seed kept others.
function commonSteps(curves) {
  const all = new Set();
  for (const curve of curves) {
    for (let i = 0; i < curve.count; i++) all.add(curve.steps[i]);
    if (all.size > 450) break;
  }
  if (all.size <= 450) return Float64Array.from(all).sort();
  const first = Math.min(...curves.map((c) => c.steps[0]));
  const last = Math.max(...curves.map((c) => c.steps[c.count - 1]));
  const cells = 150;
  return Float64Array.from({ length: cells }, (_, i) => first + (last - first) * (i + 0.5) / cells);
}

// Between two points on the line through them; the mean of a cell that holds points of its own.
function resampled(curve, grid) {
  const { steps, values, count } = curve;
  const isCells = grid.length === 150;
  const half = grid.length > 1 ? (grid[1] - grid[0]) / 2 : 0;
  const result = new Float64Array(grid.length).fill(NaN);
  let i = 0;
  for (let g = 0; g < grid.length; g++) {
    const x = grid[g];
    if (isCells) {
      let sum = 0, n = 0;
      while (i < count && steps[i] < x - half) i++;
      for (; i < count && steps[i] < x + half; i++) {
        if (!Number.isNaN(values[i])) { sum += values[i]; n++; }
      }
      if (n > 0) { result[g] = sum / n; continue; }
    } else {
      while (i < count && steps[i] < x) i++;
    }
    if (i < count && steps[i] === x) result[g] = values[i];
    else if (i > 0 && i < count) {
      const share = (x - steps[i - 1]) / (steps[i] - steps[i - 1]);
      result[g] = values[i - 1] + share * (values[i] - values[i - 1]);
    }
  }
  return result;
}
