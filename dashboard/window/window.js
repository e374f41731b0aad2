// The draggable fit window over a row of learning curves: owns Plotly.js, draws its own overlay.
//
// Python gives the figure, and per panel the curve, the averaged points that a preview needs, the
// window and the fit's words. While an edge or the band moves, the power law is fitted here (the
// same weighted least squares as Python's) and drawn over the chart; on release the windows go to
// Python, and the preview stays until Python's fit of that very window has arrived. A window that
// the user has touched is this side's from then on; Python's is taken at mount, for untouched
// panels, and when `reset` moves. New data never repaints a chart that is being dragged. Each panel
// comes as text, so that one that is the same costs nothing.

const MARGIN = { left: 62, right: 16, top: 66, bottom: 50 }; // px around each plot area
const NARROWEST = 300; // px; narrower panels are stacked instead
const PLOT = 256; // px of a panel's plot area
const STRIP = 74, BETWEEN = 14; // px of a strip beneath it, and of the gap above each
const EDGE = 18; // px that an edge can be held by, see window.css
const SNAP = 8; // px from the end of the axis within which an edge is open-ended
const KEY_PAUSE = 250; // ms after the last key press until Python is told
const TYPED = "input:not([type=range], [type=radio], [type=checkbox], [type=button]), textarea, "
  + "[contenteditable='true']";
const PAPER = { paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff" }; // of saved pictures
const ACCENT = "#c2410c"; // of the window on paper
const UNDO = /Mac|iP/.test(navigator.platform) ? ["⌘Z", "⇧⌘Z"] : ["Ctrl+Z", "Ctrl+Shift+Z"];
const HINT = "Drag an edge, or the bar between the two. Or Tab to an edge: arrows move it by one size, with "
  + `Shift finely. ${UNDO[0]} takes a change back, ${UNDO[1]} makes it again.`;
const CONFIG = { displaylogo: false, showSendToCloud: false, responsive: false,
                 displayModeBar: false, doubleClick: false };

let opened = 0; // charts so far
const rooms = new WeakMap(); // parent element -> its chart; the default export runs at every change

export default function ({ data, parentElement, setStateValue }) {
  if (!rooms.has(parentElement)) rooms.set(parentElement, open(parentElement));
  const room = rooms.get(parentElement);
  room.take(data, setStateValue);
  return () => setTimeout(() => parentElement.isConnected || room.close());
}

// -- where panels lie --------------------------------------------------------------------------

const axisName = (letter, k) => `${letter}axis${k ? k + 1 : ""}`;

// Where panels lie at this width: `cell` is the room of each with its axes and words, `box` its plot
// area in there, `at` where each cell begins.
function arrange(count, strips, width, group) {
  const most = Math.max(1, Math.min(count, Math.floor(width / NARROWEST)));
  const columns = group > 1 && most >= group ? most - (most % group) // whole groups in a row
    : Math.ceil(count / Math.ceil(count / most)); // rows as even as can be
  const cell = { width: width / columns,
                 height: MARGIN.top + PLOT + strips * (STRIP + BETWEEN) + MARGIN.bottom };
  const box = { left: MARGIN.left, top: MARGIN.top, height: PLOT,
                width: cell.width - MARGIN.left - MARGIN.right };
  const at = Array.from({ length: count }, (_, k) => (
    { left: (k % columns) * cell.width, top: Math.floor(k / columns) * cell.height }));
  return { cell, box, at, strips, width, height: Math.ceil(count / columns) * cell.height };
}

// The axes of panel k, placed on a sheet where its cell begins at `at`, zoomed as the reader left
// them (axis -> range).
function axesOf(layout, k, { box, strips, at: { length: count } }, at, sheet, zooms) {
  const left = at.left + box.left, top = at.top + box.top;
  const up = (from, size) => [1 - (from + size) / sheet.height, 1 - from / sheet.height];
  const domains = { [axisName("x", k)]: [left / sheet.width, (left + box.width) / sheet.width],
                    [axisName("y", k)]: up(top, PLOT) };
  for (let strip = 0; strip < strips; strip++) { // numbered as beneath.py does
    domains[axisName("y", count + 2 * k + strip)] =
      up(top + PLOT + BETWEEN + strip * (STRIP + BETWEEN), STRIP);
  }
  return Object.fromEntries(Object.entries(domains).map(([name, domain]) => {
    const zoom = zooms.get(name); // its ticks are Plotly's choice
    return [name, { ...layout[name], domain, ...(zoom && { range: [...zoom], dtick: null }) }];
  }));
}

const sized = ({ width, height }) => (
  { width, height, autosize: false, margin: { l: 0, r: 0, t: 0, b: 0 } });

const element = (tag, name, attributes = {}) => {
  const made = tag === "svg" || tag === "path"
    ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  made.setAttribute("class", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

// -- what is drawn here and not by Plotly ---------------------------------------------------------

// Python's law, as the preview is: a release changes mostly that, and for Plotly any change is a new
// drawing. And the single seeds: a path for all of them, where Plotly makes an element of each.
// Saved pictures have both from Plotly.
const OURS = ["fit", "fitwide", "seeds"];

const told = ({ uid }) => uid.match(/^([a-z]+)\d*-([a-z]+)-/); // KIND and DOMAIN, of KIND-DOMAIN-PANEL

function read(text) {
  const figure = JSON.parse(text);
  const ours = {};
  for (const trace of figure.data) {
    const [, kind, domain] = told(trace);
    if (OURS.includes(kind)) ours[kind] = trace;
    ours.domain = domain;
  }
  const marks = figure.data.filter((trace) => !OURS.includes(told(trace)[1]));
  return { text, figure, ours, marks, written: JSON.stringify([marks, figure.layout]) };
}

// Tells the style sheet what each trace is.
function mark(graph) {
  for (const trace of graph.querySelectorAll(".trace")) {
    const [, kind, domain] = trace.getAttribute("class").match(/ trace([a-z]+)\d*-([a-z]+)-/) ?? [];
    if (kind) Object.assign(trace.dataset, { kind, domain });
  }
}

const px = (values) => Object.fromEntries(Object.entries(values).map(([key, v]) => [key, `${v}px`]));

// Safari knows no idle time
const whenIdle = (go) => (window.requestIdleCallback ?? setTimeout)(go, { timeout: 1000 });
const cancelIdle = (id) => (window.cancelIdleCallback ?? clearTimeout)(id);

// -- one chart ---------------------------------------------------------------------------------

function open(parent) {
  const root = element("div", "steep", { role: "group", "aria-label": "learning curves" });
  const wait = element("p", "steep-wait");
  wait.textContent = "Drawing the curves…";
  const saving = element("div", "steep-save");
  saving.append("Save the picture: ", ...["PNG", "SVG"].map((format) => {
    const button = element("button", "steep-button", { type: "button" });
    button.textContent = format;
    button.addEventListener("click", () => save(format.toLowerCase()));
    return button;
  }));
  const foot = element("div", "steep-foot");
  const hint = element("p", "steep-hint", { id: `steep-hint-${++opened}` });
  hint.textContent = HINT;
  root.setAttribute("aria-describedby", hint.id);
  root.append(wait);
  foot.append(hint, saving);
  parent.append(root, foot);

  let data, tell, Plotly, reset, width = 0;
  let drawn; // whether axes are logarithmic
  let painted, sheet; // the data that the chart shows, and where its panels lie
  let panels = []; // one per curve: a graph of its own, so that Plotly draws no more than has changed
  const windows = new Map(); // curve -> [low, high], null is an open end
  const touched = new Set(); // curves whose window the user has set here
  const zooms = new Map(); // axis -> range, where the user has zoomed
  let drag = null; // { k, part, before, at }
  let busy = false; // a pointer is down on the chart: do not repaint under it
  let late = false; // a repaint waits for that
  let pause; // timer after a key press, while Python is not told of it
  let unsaid; // during that pause: windows as Python has them, and which were touched
  let frame = 0;
  const stirred = new Set(); // panels whose overlay that frame puts in place
  let idle; // panels out of sight that are still to be drawn

  function take(fresh, set) {
    tell = set;
    data = fresh;
    repaint();
  }

  async function repaint() {
    if (drag || busy) { late = true; return; }
    late = false;
    width = root.clientWidth;
    if (!width) return; // hidden; the observer calls again
    if (!Plotly) {
      try {
        Plotly = await plotly(data.plotly);
      } catch (error) {
        wait.textContent = `The chart cannot be drawn: ${error.message}. Reload the page.`;
        return;
      }
      wait.remove();
      if (!root.isConnected) return;
      width = root.clientWidth;
    }
    painted = data;
    furnish();
    const { type } = panels[0].drawing.figure.layout.xaxis;
    if (type !== drawn) zooms.clear(); // a zoom is in the axis's own numbers
    drawn = type;
    sheet = arrange(panels.length, painted.layout.meta?.strips ? 2 : 0, width, painted.group);
    root.style.height = `${sheet.height}px`;
    adopt();
    paint();
    place();
  }

  // What is in sight is drawn at once, the rest when it comes there or nothing else is to be done.
  function paint() {
    cancelIdle(idle);
    panels.forEach(({ graph }, k) => Object.assign(graph.style, px({ ...sheet.at[k], ...sheet.cell })));
    const { top } = root.getBoundingClientRect();
    const { at, cell } = sheet;
    const seen = (k) => top + at[k].top < innerHeight && top + at[k].top + cell.height > 0;
    const order = [...panels.keys()];
    order.filter(seen).forEach(render);
    const rest = order.filter((k) => !seen(k));
    const next = () => {
      if (drag || busy) { late = true; return; }
      const k = rest.shift();
      if (k === undefined) return;
      render(k);
      idle = whenIdle(next);
    };
    idle = whenIdle(next);
  }

  function render(k) {
    const made = panels[k], { graph, drawing } = made;
    const { cell } = sheet;
    const axes = axesOf(drawing.figure.layout, k, sheet, { left: 0, top: 0 }, cell, zooms);
    const asked = drawing.written + JSON.stringify([painted.layout, axes]);
    if (made.standing === asked) return;
    made.standing = asked;
    const first = !graph._fullLayout;
    const layout = { ...painted.layout, ...drawing.figure.layout, ...axes, ...sized(cell) };
    Plotly.react(graph, drawing.marks, layout, CONFIG);
    if (!first) return;
    graph.on("plotly_relayout", (changes) => zoomed(k, changes));
    graph.on("plotly_relayouting", () => place([k]));
    graph.on("plotly_doubleclick", () => { zooms.clear(); repaint(); });
    graph.on("plotly_afterplot", () => { mark(graph); place([k]); });
    mark(graph);
  }

  // Plotly alone would let go of a zoom as soon as new points widen the axis.
  function zoomed(k, changes) {
    for (const change of Object.keys(changes)) {
      const [, name] = change.match(/^([xy]axis\d*)\.range/) ?? [];
      if (name) zooms.set(name, panels[k].graph._fullLayout[name].range.slice());
    }
    place([k]);
    repaint();
  }

  // Python's windows, except where the user has set one here since the last reset.
  function adopt() {
    if (reset !== painted.reset) touched.clear();
    reset = painted.reset;
    for (const { curve, window } of painted.panels) {
      if (!touched.has(curve)) windows.set(curve, window);
    }
  }

  // Panels are made and dropped only when their number changes.
  function furnish() {
    while (panels.length > painted.panels.length) {
      const { graph, room, lines } = panels.pop();
      Plotly.purge(graph);
      sight.unobserve(graph);
      for (const part of [graph, room, lines]) part.remove();
    }
    while (panels.length < painted.panels.length) panels.push(panel(panels.length));
    painted.panels.forEach(({ drawing }, k) => {
      if (panels[k].drawing?.text !== drawing) panels[k].drawing = read(drawing);
    });
  }

  function panel(k) {
    const made = {
      graph: element("div", "steep-graph"),
      room: element("div", "steep-panel"),
      shade: element("div", "steep-shade"),
      lines: element("svg", "steep-lines", { "aria-hidden": "true" }),
      seeds: element("path", "steep-seeds"),
      wide: element("path", "steep-wide"),
      line: element("path", "steep-line"),
      band: element("div", "steep-band", { title: "Drag to move the whole window" }),
      tip: element("output", "steep-tip"),
      edges: [0, 1].map((end) => element("div", `steep-edge steep-${end ? "end" : "start"}`, {
        role: "slider", tabindex: "0", "aria-orientation": "horizontal",
      })),
    };
    made.lines.append(made.seeds, made.wide, made.line);
    made.room.append(made.shade, made.band, made.tip, ...made.edges);
    made.edges.forEach((edge, end) => {
      edge.addEventListener("pointerdown", (event) => grab(event, k, end));
      edge.addEventListener("keydown", (event) => press(event, k, end));
    });
    made.band.addEventListener("pointerdown", (event) => grab(event, k, "band"));
    root.append(made.lines, made.graph, made.room); // lines beneath the marks
    sight.observe(made.graph);
    return made;
  }

  // The picture as it is on paper: white, with the windows and what stands above them.
  function save(format) {
    if (!Plotly || !sheet) return;
    const figures = panels.map(({ drawing }) => drawing.figure);
    const shapes = [], labels = [], axes = {};
    painted.panels.forEach((about, k) => {
      const { layout } = figures[k];
      Object.assign(axes, axesOf(layout, k, sheet, sheet.at[k], sheet, zooms));
      shapes.push(...layout.shapes);
      labels.push(...layout.annotations);
      const window = windows.get(about.curve);
      const refs = { xref: `x${k ? k + 1 : ""}`, yref: `y${k ? k + 1 : ""} domain` };
      const [left, right] = [0, 1].map((end) => window[end] ?? toSize(k, end * sheet.box.width));
      const line = { color: ACCENT, width: 1.5 };
      shapes.push({ type: "rect", ...refs, x0: left, x1: right, y0: 0, y1: 1, fillcolor: ACCENT,
                    opacity: 0.06, line: { width: 0 } },
                  { type: "path", ...refs, path: `M${left} 0V1.03H${right}V0`, line });
      labels.push({ ...refs, x: (onto("x", k, left) + onto("x", k, right)) / 2, y: 1.03, text: `<b>${panels[k].tip.textContent}</b>`,
                    yanchor: "bottom", showarrow: false, font: { size: 13, color: ACCENT } });
    });
    const { height } = sheet;
    const layout = { ...painted.layout, ...axes, ...sized(sheet), ...PAPER, shapes, annotations: labels };
    Plotly.downloadImage({ data: figures.flatMap(({ data: traces }) => traces), layout },
      { format, width, height, scale: format === "png" ? 2 : 1,
        filename: "steepness" });
  }

  // -- sizes and pixels --

  function axis(letter, k) { // one out of sight may not be drawn yet
    const name = axisName(letter, k), { graph, drawing } = panels[k];
    return graph._fullLayout?.[name] ?? { ...drawing.figure.layout[name], ...(zooms.has(name) && { range: zooms.get(name) }) };
  }
  const isLog = (letter, k) => axis(letter, k).type === "log";
  const onto = (letter, k, value) => (isLog(letter, k) ? Math.log10(value) : value);
  const range = (k) => axis("x", k).range; // log10 of the sizes, or the sizes
  const toPixel = (k, size) => {
    const [left, right] = range(k);
    return ((onto("x", k, size) - left) / (right - left)) * sheet.box.width;
  };
  const toSize = (k, pixel) => {
    const [left, right] = range(k);
    const value = left + (pixel / sheet.box.width) * (right - left);
    return isLog("x", k) ? 10 ** value : Math.max(value, pointsOf(k)[0][0] / 100);
  };
  const pointsOf = (k) => panels[k].drawing.figure.points; // [size, mean log error, weight]
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const yPixel = (k, error) => {
    const [bottom, top] = axis("y", k).range;
    return ((top - onto("y", k, error)) / (top - bottom)) * sheet.box.height;
  };
  // Where an edge stands, in px; an open one at the end of the axis.
  const edgeAt = (k, window, end) => window[end] === null
    ? end * sheet.box.width : clamp(toPixel(k, window[end]), 0, sheet.box.width);

  // -- drawing the overlay --

  function place(which = [...panels.keys()]) {
    if (!sheet || sheet.at.length !== panels.length) return;
    const tips = which.map(overlay);
    const widths = tips.map(({ tip }) => tip.offsetWidth); // read after all was written, at once
    tips.forEach(({ tip, middle }, i) => {
      tip.style.left = `${clamp(middle, widths[i] / 2, sheet.box.width - widths[i] / 2)}px`;
    });
  }

  // Puts the overlay of a panel in place but for its tip: returns that and where its middle belongs.
  function overlay(k) {
    const about = painted.panels[k];
    const { drawing: { ours }, room, shade, band, tip, edges, lines, line, wide } = panels[k];
    const { box, at } = sheet;
    const window = windows.get(about.curve);
    const [low, high] = [0, 1].map((end) => edgeAt(k, window, end));
    const place = { left: at[k].left + box.left, top: at[k].top + box.top, width: box.width, height: box.height };
    for (const part of [room, lines]) Object.assign(part.style, px(place));
    for (const bar of [shade, band]) Object.assign(bar.style, px({ left: low, width: high - low }));
    edges.forEach((edge, end) => {
      edge.style.left = `${end ? high : low}px`;
      edge.toggleAttribute("data-open", window[end] === null);
      describe(edge, k, window, end);
    });
    const waits = !same(window, about.window); // Python's fit of this window is not here yet
    const law = waits ? previewLaw(about.law, pointsOf(k), window) : null;
    for (const part of [room, lines]) part.toggleAttribute("data-preview", waits);
    lines.dataset.domain = ours.domain;
    scatter(k);
    if (waits) draw(k, line, wide, law);
    else for (const [path, kind] of [[line, "fit"], [wide, "fitwide"]]) trace(k, path, ours[kind]);
    tip.textContent = waits ? words(law) : about.label;
    tip.dataset.exponent = law?.exponent ?? "";
    return { tip, middle: (low + high) / 2 };
  }

  // The seeds, each a dot of one path: a line of no length with round ends.
  function scatter(k) {
    const made = panels[k], { seeds, drawing } = made;
    const stands = [drawing, sheet.box.width, ...axis("x", k).range, ...axis("y", k).range];
    if (made.scattered?.every((value, i) => value === stands[i])) return;
    made.scattered = stands;
    const { x, y } = drawing.ours.seeds;
    seeds.setAttribute("d", x.map((size, i) => `M${toPixel(k, size).toFixed(1)} ${yPixel(k, y[i]).toFixed(1)}h0`).join(""));
  }

  function describe(edge, k, window, end) {
    const about = painted.panels[k];
    const sizes = pointsOf(k).map(([size]) => size);
    const [first, last] = [sizes[0], sizes.at(-1)];
    const value = window[end] ?? (end ? last : first);
    const says = window[end] === null
      ? `open, ${end ? "to the largest" : "from the smallest"} size`
      : `${Math.round(value).toLocaleString("en")} ${about.unit}`;
    for (const [name, text] of [
      ["aria-label", `window ${end ? "end" : "start"} of ${about.curve}`],
      ["aria-valuemin", Math.min(first, value)], ["aria-valuemax", Math.max(last, value)],
      ["aria-valuenow", value], ["aria-valuetext", says],
    ]) edge.setAttribute(name, text);
  }

  function trace(k, path, law) {
    if (!law) { path.removeAttribute("d"); return; }
    path.setAttribute("d", "M" + law.x.map(
      (size, i) => `${toPixel(k, size).toFixed(1)} ${yPixel(k, law.y[i]).toFixed(1)}`).join("L"));
  }

  function draw(k, line, wide, law) {
    if (law?.exponent === undefined) {
      line.removeAttribute("d");
      wide.removeAttribute("d");
      return;
    }
    const path = (from, to) => "M" + Array.from({ length: 41 }, (_, i) => {
      const pixel = from + ((to - from) * i) / 40;
      return `${pixel.toFixed(1)} ${yPixel(k, law.at(toSize(k, pixel))).toFixed(1)}`;
    }).join("L");
    line.setAttribute("d", path(toPixel(k, law.low), toPixel(k, law.high)));
    wide.setAttribute("d", path(0, sheet.box.width));
  }

  const words = (law) => law.needs
    ? `${law.sizes} ${law.sizes === 1 ? "size" : "sizes"}: this law needs ${law.needs}`
    : `${law.exponent.toFixed(3)}, ${law.sizes} sizes`;

  function soon(which = panels.keys()) {
    for (const k of which) stirred.add(k);
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      place([...stirred].filter((k) => k < panels.length));
      stirred.clear();
    });
  }

  // -- moving the window --

  // The panels that move with panel k: all of them when the windows are linked.
  const moving = (k) => (data.linked ? [...panels.keys()] : [k]);
  const curveOf = (k) => painted.panels[k].curve;

  // A window keeps its start below its end, wherever a zoom has put the edges: what would close it
  // or turn it over is not done.
  function move(k, window) {
    const sizes = pointsOf(k);
    if ((window[0] ?? sizes[0][0]) >= (window[1] ?? sizes.at(-1)[0])) return;
    for (const each of moving(k)) windows.set(curveOf(each), window);
    soon(moving(k));
  }

  function own(k) {
    for (const each of moving(k)) touched.add(curveOf(each));
  }

  function commit(k) {
    clearTimeout(pause);
    unsaid = undefined;
    own(k);
    const all = Object.fromEntries([...windows].filter(([curve]) => touched.has(curve)));
    tell("windows", { windows: all, at: Date.now() }); // the time makes each release a new value
  }

  function grab(event, k, part) {
    if (drag || event.button) return;
    event.preventDefault();
    event.stopPropagation(); // Plotly would start a zoom
    const target = event.currentTarget;
    target.setPointerCapture(event.pointerId);
    if (part !== "band") target.focus({ preventScroll: true });
    const window = windows.get(painted.panels[k].curve);
    drag = { k, part, before: new Map(windows), moved: false, at: event.clientX,
             from: [0, 1].map((end) => edgeAt(k, window, end)) };
    const steer = (e) => pull(e.clientX);
    const done = (e) => {
      target.removeEventListener("pointermove", steer);
      for (const name of ["pointerup", "pointercancel"]) target.removeEventListener(name, done);
      removeEventListener("keydown", escape, true);
      if (!drag) return; // cancelled by Escape
      const { moved } = drag;
      if (e.type === "pointercancel") putBack();
      drag = null;
      if (moved && e.type === "pointerup") commit(k);
      if (late) repaint(); else soon();
    };
    const escape = (e) => {
      if (e.key !== "Escape") return;
      e.stopPropagation();
      putBack();
      drag = null;
      if (late) repaint(); else soon();
    };
    target.addEventListener("pointermove", steer);
    for (const name of ["pointerup", "pointercancel"]) target.addEventListener(name, done);
    addEventListener("keydown", escape, true);
  }

  function putBack() {
    for (const [curve, window] of drag.before) windows.set(curve, window);
  }

  function pull(clientX) {
    if (!drag) return;
    const { k, from } = drag;
    const by = clientX - drag.at;
    if (!drag.moved) {
      if (Math.abs(by) < 2) return; // a click is not a drag
      // Of two edges that lie on one another, the one goes that can.
      if (drag.part !== "band" && from[1] - from[0] < EDGE) drag.part = Number(by > 0);
      drag.moved = true;
    }
    const { part } = drag;
    const window = [...drag.before.get(painted.panels[k].curve)];
    if (part === "band") {
      const shift = clamp(by, -from[0], sheet.box.width - from[1]);
      for (const end of [0, 1]) {
        if (window[end] !== null || shift) window[end] = settle(k, end, from[end] + shift);
      }
    } else {
      const other = from[1 - part];
      const here = part ? clamp(from[1] + by, other + 2, sheet.box.width) : clamp(from[0] + by, 0, other - 2);
      window[part] = settle(k, part, here);
    }
    move(k, window);
  }

  // The size under a pixel; open-ended at the end of the axis, if that lies beyond the data.
  function settle(k, end, pixel) {
    const sizes = pointsOf(k);
    const beyond = end
      ? toSize(k, sheet.box.width) >= sizes.at(-1)[0] && sheet.box.width - pixel <= SNAP
      : toSize(k, 0) <= sizes[0][0] && pixel <= SNAP;
    return beyond ? null : toSize(k, pixel);
  }

  // -- keys: an arrow takes in or leaves out one size, with Shift it moves finely; Page by four --

  function press(event, k, end) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const about = painted.panels[k];
    const window = windows.get(about.curve);
    const sizes = pointsOf(k).map(([size]) => size);
    const [first, last] = [sizes[0], sizes.at(-1)];
    const held = sizes.filter((size) => inside(size, window));
    const value = window[end] ?? (end ? last : first);
    const stop = (end ? held.at(-1) : held[0]) ?? value; // the size at which the window ends
    const fine = (last / first) ** 0.01;
    const up = event.shiftKey ? value * fine : sizes.find((size) => size > stop) ?? Infinity;
    const down = event.shiftKey ? value / fine : sizes.findLast((size) => size < stop) ?? 0;
    let to = { ArrowRight: up, ArrowUp: up, ArrowLeft: down, ArrowDown: down, PageUp: value * 4,
               PageDown: value / 4, Home: end ? first : 0, End: end ? Infinity : last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const rest = window[1 - end] ?? (end ? first : last);
    to = end ? Math.max(to, rest * fine) : Math.min(to, rest / fine);
    if (end ? to > last : to < first) to = null; // beyond the data: open
    unsaid ??= { windows: new Map(windows), touched: new Set(touched) };
    move(k, end ? [window[0], to] : [to, window[1]]);
    own(k); // at once: new points may be painted before Python is told
    clearTimeout(pause);
    pause = setTimeout(() => commit(k), KEY_PAUSE);
  }

  // -- undo and redo, wherever the focus is but in a box of text, which has an undo of its own --

  function retrace(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || drag || !data) return;
    const redo = event.shiftKey;
    if (event.key.toLowerCase() !== "z" || event.target.closest?.(TYPED)) return;
    event.preventDefault();
    if (unsaid) { // Python knows nothing of it yet
      if (redo) return; // there is nothing after it
      clearTimeout(pause);
      for (const [curve, window] of unsaid.windows) windows.set(curve, window);
      for (const curve of touched) if (!unsaid.touched.has(curve)) touched.delete(curve);
      unsaid = undefined;
      return soon();
    }
    tell("undo", { redo, at: Date.now() });
  }
  addEventListener("keydown", retrace);

  // -- the chart's own drags and the page around it --

  root.addEventListener("pointerdown", ({ target }) => {
    if (!target.closest(".steep-graph")) return;
    busy = true;
    const free = () => {
      removeEventListener("pointerup", free, true);
      removeEventListener("pointercancel", free, true);
      setTimeout(() => { busy = false; if (late) repaint(); }, 350); // after Plotly's double click
    };
    addEventListener("pointerup", free, true);
    addEventListener("pointercancel", free, true);
  }, true);

  const observer = new ResizeObserver(() => { if (data && root.clientWidth !== width) repaint(); });
  observer.observe(root);
  const sight = new IntersectionObserver((entries) => {
    for (const { target } of entries.filter(({ isIntersecting }) => isIntersecting)) {
      const k = panels.findIndex(({ graph }) => graph === target);
      if (drag || busy) late = true;
      else if (k >= 0 && k < sheet.at.length) render(k);
    }
  });

  return {
    take,
    close() {
      observer.disconnect();
      removeEventListener("keydown", retrace);
      clearTimeout(pause);
      foot.remove();
      cancelIdle(idle);
      sight.disconnect();
      if (Plotly) for (const { graph } of panels) Plotly.purge(graph);
      rooms.delete(parent);
    },
  };
}

const same = (a, b) => [0, 1].every((end) => a[end] === b[end]
  || (a[end] !== null && b[end] !== null && Math.abs(a[end] / b[end] - 1) < 1e-9));
