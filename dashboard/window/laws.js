// The laws as Python fits them (engine/laws/varpro.py), for the preview while the window moves:
// weighted least squares in log error over [size, mean log error, weight]. Joined with window.js.

const inside = (size, [low, high]) =>
  (low === null || size >= low * (1 - 1e-9)) && (high === null || size <= high * (1 + 1e-9));

const LAWS = { power: { needs: 3, fit: powerLaw }, "power-floor": { needs: 4, fit: floorLaw } };

// The law through the points inside the window: { sizes, low, high, exponent, at(size) }, or only
// { sizes, needs } where they are too few.
function previewLaw(law, points, window) {
  const held = points.filter(([size]) => inside(size, window));
  const { needs, fit } = LAWS[law];
  if (held.length < needs) return { sizes: held.length, needs };
  return { sizes: held.length, low: held[0][0], high: held.at(-1)[0], ...fit(held) };
}

const weigh = (held, value) => held.reduce((sum, point, i) => sum + point[2] * value(point, i), 0);

// log e = a + b log m: a line, in closed form.
function powerLaw(held) {
  const total = weigh(held, () => 1);
  const x = weigh(held, ([m]) => Math.log(m)) / total;
  const y = weigh(held, ([, e]) => e) / total;
  const xx = weigh(held, ([m]) => (Math.log(m) - x) ** 2);
  const exponent = weigh(held, ([m, e]) => (Math.log(m) - x) * (e - y)) / xx;
  return { exponent, at: (m) => Math.exp(y + exponent * (Math.log(m) - x)) };
}

// log e = a + log((1 - s) u^b + s), u = m / largest m and s the floor's share there: a is projected
// out, b and s found from a grid by Levenberg-Marquardt steps.
function floorLaw(held) {
  const top = Math.log(held.at(-1)[0]);
  const u = held.map(([m]) => Math.log(m) - top);
  const total = weigh(held, () => 1);

  function stand(b, s) {
    const q = u.map((v) => Math.expm1(-b * v));
    const d = q.map((v) => 1 + s * v);
    const rest = held.map(([, e], i) => e - b * u[i] - Math.log(d[i]));
    const level = weigh(held, (_, i) => rest[i]) / total;
    const slopes = [u.map((v, i) => (v * (1 - s)) / d[i]), q.map((v, i) => v / d[i])].map((along) => {
      const mean = weigh(held, (_, i) => along[i]) / total;
      return along.map((v) => v - mean);
    });
    const product = (f, g) => weigh(held, (_, i) => f[i] * g[i]);
    const off = rest.map((v) => v - level);
    return { b, s, level, sse: product(off, off),
      gb: product(off, slopes[0]), gs: product(off, slopes[1]), hbb: product(slopes[0], slopes[0]),
      hbs: product(slopes[0], slopes[1]), hss: product(slopes[1], slopes[1]) };
  }

  let best = { sse: Infinity };
  for (let i = 0; i < 12; i++) {
    for (const s of [0, 0.25, 0.65, 0.9, 0.99]) {
      const here = stand(-0.01 * 600 ** (i / 11), s);
      if (here.sse < best.sse) best = here;
    }
  }
  for (let step = 0, damping = 1e-3; step < 200 && damping < 1e12; step++) {
    const { b, s, gb, gs } = best;
    const heldB = (b <= -8 && gb < 0) || (b >= -1e-3 && gb > 0);
    const heldS = (s <= 0 && gs < 0) || (s >= 1 - 1e-9 && gs > 0);
    const hbb = best.hbb * (1 + damping), hss = best.hss * (1 + damping);
    const hbs = heldB || heldS ? 0 : best.hbs;
    const determinant = Math.max(hbb * hss - hbs * hbs, 1e-300);
    const stepB = heldB ? 0 : (hss * gb - hbs * gs) / determinant;
    const stepS = heldS ? 0 : (hbb * gs - hbs * gb) / determinant;
    const there = stand(Math.min(Math.max(b + stepB, -8), -1e-3), Math.min(Math.max(s + stepS, 0), 1 - 1e-9));
    if (there.sse < best.sse) { best = there; damping *= 0.1; } else damping *= 8;
    if (Math.abs(stepB * gb) + Math.abs(stepS * gs) <= 1e-13 * best.sse + 1e-30 * total) break;
  }
  const { b, s, level } = best;
  return { exponent: b, at: (m) => Math.exp(level) * ((1 - s) * Math.exp(b * (Math.log(m) - top)) + s) };
}

