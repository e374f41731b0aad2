// The draggable fit window over a row of learning curves: owns Plotly.js, draws its own overlay.
//
// Python gives the figure, and per panel the curve, the averaged points that a preview needs, the
// window and the fit's words. While an edge or the band moves, the power law is fitted here (the
// same weighted least squares as Python's) and drawn over the chart; on release the windows go to
// Python, and the preview stays until Python's fit of that very window has arrived. A window that
// the user has touched is this side's from then on; Python's is taken at mount, for untouched
// panels, and when `reset` moves. New data never repaints a chart that is being dragged.

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

// The figure's layout with each panel's axes placed for this width and zoomed as the reader left
// them (axis -> range), and the boxes of the panels.
function arrange(layout, count, width, zooms, group) {
  const most = Math.max(1, Math.min(count, Math.floor(width / NARROWEST)));
  const columns = most < group ? most : most - (most % group); // whole groups in a row, where they fit
  const strips = layout.meta?.strips ? 2 : 0;
  const tall = MARGIN.top + PLOT + strips * (STRIP + BETWEEN) + MARGIN.bottom; // of one panel
  const height = Math.ceil(count / columns) * tall;
  const placed = { ...layout, width, height, autosize: false, margin: { l: 0, r: 0, t: 0, b: 0 } };
  const boxes = [];
  for (let k = 0; k < count; k++) {
    const left = ((k % columns) * width) / columns + MARGIN.left;
    const top = Math.floor(k / columns) * tall + MARGIN.top;
    const box = { left, top, width: width / columns - MARGIN.left - MARGIN.right, height: PLOT };
    boxes.push(box);
    const up = (from, size) => [1 - (from + size) / height, 1 - from / height];
    const domains = { [axisName("x", k)]: [left / width, (left + box.width) / width],
                      [axisName("y", k)]: up(top, PLOT) };
    for (let strip = 0; strip < strips; strip++) { // numbered as beneath.py does
      domains[axisName("y", count + 2 * k + strip)] =
        up(top + PLOT + BETWEEN + strip * (STRIP + BETWEEN), STRIP);
    }
    for (const [name, domain] of Object.entries(domains)) {
      const zoom = zooms.get(name); // its ticks are Plotly's choice
      placed[name] = { ...layout[name], domain, ...(zoom && { range: [...zoom], dtick: null }) };
    }
  }
  return { placed, boxes };
}

// -- plotly.js, once per page ------------------------------------------------------------------

let arriving;
function plotly(url) {
  arriving ??= window.Plotly
    ? Promise.resolve(window.Plotly)
    : new Promise((done, failed) => {
        const script = document.createElement("script");
        script.src = url;
        script.onload = () => done(window.Plotly);
        script.onerror = () => { arriving = undefined; failed(new Error(`no chart library at ${url}`)); };
        document.head.append(script);
      });
  return arriving;
}

const element = (tag, name, attributes = {}) => {
  const made = tag === "svg" || tag === "path"
    ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  made.setAttribute("class", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

// -- laws --------------------------------------------------------------------------------------

// Python's law of a panel is drawn here, as the preview is: a release changes mostly that, and for
// Plotly any change is a new drawing of all panels, half a second of a dozen. Pictures have it too.
const isLaw = ({ uid }) => /^fit(wide)?-/.test(uid);

function lawsOf(traces) {
  const found = [];
  for (const trace of traces.filter(isLaw)) {
    const [kind, , k] = trace.uid.split("-");
    (found[k] ??= {})[kind] = trace;
  }
  return found;
}

// -- one chart ---------------------------------------------------------------------------------

function open(parent) {
  const root = element("div", "steep", { role: "group", "aria-label": "learning curves" });
  const graph = element("div", "steep-graph");
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
  root.append(graph, wait);
  foot.append(hint, saving);
  parent.append(root, foot);

  let data, tell, Plotly, reset, width = 0;
  let drawn; // whether axes are logarithmic
  let painted, boxes = []; // the data that the chart shows, and where its panels lie
  let laws = []; // per panel Python's law: its traces by kind
  let standing; // what Plotly drew last, as text
  let panels = []; // the overlay's parts, one per panel
  const windows = new Map(); // curve -> [low, high], null is an open end
  const touched = new Set(); // curves whose window the user has set here
  const zooms = new Map(); // axis -> range, where the user has zoomed
  let drag = null; // { k, part, before, at }
  let busy = false; // a pointer is down on the chart: do not repaint under it
  let late = false; // a repaint waits for that
  let pause; // timer after a key press, while Python is not told of it
  let unsaid; // during that pause: windows as Python has them, and which were touched
  let frame = 0;

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
    const { type } = data.figure.layout.xaxis;
    if (type !== drawn) zooms.clear(); // a zoom is in the axis's own numbers
    drawn = type;
    const { placed, boxes: found } = arrange(data.figure.layout, data.panels.length, width, zooms, data.group);
    boxes = found;
    const first = !graph._fullLayout;
    painted = data;
    laws = lawsOf(data.figure.data);
    adopt();
    const marks = data.figure.data.filter((trace) => !isLaw(trace));
    const asked = JSON.stringify([marks, placed]); // before Plotly writes into them
    if (!first && asked === standing) { place(); return; }
    standing = asked;
    await Plotly.react(graph, marks, placed, CONFIG);
    if (first) {
      graph.on("plotly_relayout", zoomed);
      graph.on("plotly_relayouting", place);
      graph.on("plotly_doubleclick", () => { zooms.clear(); repaint(); });
      graph.on("plotly_afterplot", place);
    }
    furnish();
    place();
  }

  // Plotly alone would let go of a zoom as soon as new points widen the axis.
  function zoomed(changes) {
    for (const change of Object.keys(changes)) {
      const [, name] = change.match(/^([xy]axis\d*)\.range/) ?? [];
      if (name) zooms.set(name, graph._fullLayout[name].range.slice());
    }
    place();
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

  // One overlay for each panel; made and dropped only when the number of panels changes.
  function furnish() {
    while (panels.length > painted.panels.length) {
      const { room, lines } = panels.pop();
      for (const part of [room, lines]) part.remove();
    }
    while (panels.length < painted.panels.length) panels.push(panel(panels.length));
  }

  function panel(k) {
    const made = {
      room: element("div", "steep-panel"),
      shade: element("div", "steep-shade"),
      lines: element("svg", "steep-lines", { "aria-hidden": "true" }),
      wide: element("path", "steep-wide"),
      line: element("path", "steep-line"),
      band: element("div", "steep-band", { title: "Drag to move the whole window" }),
      tip: element("output", "steep-tip"),
      edges: [0, 1].map((end) => element("div", `steep-edge steep-${end ? "end" : "start"}`, {
        role: "slider", tabindex: "0", "aria-orientation": "horizontal",
      })),
    };
    made.lines.append(made.wide, made.line);
    made.room.append(made.shade, made.band, made.tip, ...made.edges);
    made.edges.forEach((edge, end) => {
      edge.addEventListener("pointerdown", (event) => grab(event, k, end));
      edge.addEventListener("keydown", (event) => press(event, k, end));
    });
    made.band.addEventListener("pointerdown", (event) => grab(event, k, "band"));
    root.append(made.room);
    graph.before(made.lines); // beneath the marks
    return made;
  }

  // The picture as it is on paper: white, with the windows and what stands above them.
  function save(format) {
    if (!Plotly || !graph._fullLayout) return;
    const { placed } = arrange(painted.figure.layout, painted.panels.length, width, zooms, painted.group);
    const shapes = [...placed.shapes ?? []], labels = [];
    painted.panels.forEach((about, k) => {
      const window = windows.get(about.curve);
      const axes = { xref: `x${k ? k + 1 : ""}`, yref: `y${k ? k + 1 : ""} domain` };
      const [left, right] = [0, 1].map((end) => window[end] ?? toSize(k, end * boxes[k].width));
      const line = { color: ACCENT, width: 1.5 };
      shapes.push({ type: "rect", ...axes, x0: left, x1: right, y0: 0, y1: 1, fillcolor: ACCENT,
                    opacity: 0.06, line: { width: 0 } },
                  { type: "path", ...axes, path: `M${left} 0V1.03H${right}V0`, line });
      labels.push({ ...axes, x: (onto("x", k, left) + onto("x", k, right)) / 2, y: 1.03, text: `<b>${panels[k].tip.textContent}</b>`,
                    yanchor: "bottom", showarrow: false, font: { size: 13, color: ACCENT } });
    });
    const layout = { ...placed, ...PAPER, shapes, annotations: [...placed.annotations, ...labels] };
    Plotly.downloadImage({ data: painted.figure.data, layout },
      { format, width: placed.width, height: placed.height, scale: format === "png" ? 2 : 1,
        filename: "steepness" });
  }

  // -- sizes and pixels --

  const axis = (letter, k) => graph._fullLayout[axisName(letter, k)];
  const isLog = (letter, k) => axis(letter, k).type === "log";
  const onto = (letter, k, value) => (isLog(letter, k) ? Math.log10(value) : value);
  const range = (k) => axis("x", k).range; // log10 of the sizes, or the sizes
  const toPixel = (k, size) => {
    const [left, right] = range(k);
    return ((onto("x", k, size) - left) / (right - left)) * boxes[k].width;
  };
  const toSize = (k, pixel) => {
    const [left, right] = range(k);
    const value = left + (pixel / boxes[k].width) * (right - left);
    return isLog("x", k) ? 10 ** value : Math.max(value, painted.panels[k].points[0][0] / 100);
  };
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const yPixel = (k, error) => {
    const [bottom, top] = axis("y", k).range;
    return ((top - onto("y", k, error)) / (top - bottom)) * boxes[k].height;
  };
  // Where an edge stands, in px; an open one at the end of the axis.
  const edgeAt = (k, window, end) => window[end] === null
    ? end * boxes[k].width : clamp(toPixel(k, window[end]), 0, boxes[k].width);

  // -- drawing the overlay --

  function place() {
    if (!graph._fullLayout || panels.length !== boxes.length) return;
    painted.panels.forEach((about, k) => {
      const { room, shade, band, tip, edges, lines, line, wide } = panels[k];
      const box = boxes[k];
      const window = windows.get(about.curve);
      const [low, high] = [0, 1].map((end) => edgeAt(k, window, end));
      for (const part of [room, lines]) {
        Object.assign(part.style, px({ left: box.left, top: box.top, width: box.width, height: box.height }));
      }
      for (const bar of [shade, band]) Object.assign(bar.style, px({ left: low, width: high - low }));
      edges.forEach((edge, end) => {
        edge.style.left = `${end ? high : low}px`;
        edge.toggleAttribute("data-open", window[end] === null);
        describe(edge, about, window, end);
      });
      const ours = !same(window, about.window); // Python's fit of this window is not here yet
      const law = ours ? previewLaw(about.law, about.points, window) : null;
      for (const part of [room, lines]) part.toggleAttribute("data-preview", ours);
      lines.setAttribute("class", `steep-lines ${laws[k]?.fit.uid ?? ""}`); // its colour
      if (ours) draw(k, line, wide, law);
      else for (const [path, kind] of [[line, "fit"], [wide, "fitwide"]]) trace(k, path, laws[k]?.[kind]);
      tip.textContent = ours ? words(law) : about.label;
      tip.dataset.exponent = law?.exponent ?? "";
      tip.style.left = `${clamp((low + high) / 2, tip.offsetWidth / 2, box.width - tip.offsetWidth / 2)}px`;
    });
  }

  function describe(edge, about, window, end) {
    const sizes = about.points.map(([size]) => size);
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
    wide.setAttribute("d", path(0, boxes[k].width));
  }

  const words = (law) => law.needs
    ? `${law.sizes} ${law.sizes === 1 ? "size" : "sizes"}: this law needs ${law.needs}`
    : `${law.exponent.toFixed(3)}, ${law.sizes} sizes`;

  const px = (values) => Object.fromEntries(Object.entries(values).map(([key, v]) => [key, `${v}px`]));

  const soon = () => { frame ||= requestAnimationFrame(() => { frame = 0; place(); }); };

  // -- moving the window --

  // The curves that move with panel k: all of them when the windows are linked.
  const moving = (k) => (data.linked ? painted.panels : [painted.panels[k]]).map(({ curve }) => curve);

  // A window keeps its start below its end, wherever a zoom has put the edges: what would close it
  // or turn it over is not done.
  function move(k, window) {
    const sizes = painted.panels[k].points;
    if ((window[0] ?? sizes[0][0]) >= (window[1] ?? sizes.at(-1)[0])) return;
    for (const curve of moving(k)) windows.set(curve, window);
    soon();
  }

  function own(k) {
    for (const curve of moving(k)) touched.add(curve);
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
      const shift = clamp(by, -from[0], boxes[k].width - from[1]);
      for (const end of [0, 1]) {
        if (window[end] !== null || shift) window[end] = settle(k, end, from[end] + shift);
      }
    } else {
      const other = from[1 - part];
      const here = part ? clamp(from[1] + by, other + 2, boxes[k].width) : clamp(from[0] + by, 0, other - 2);
      window[part] = settle(k, part, here);
    }
    move(k, window);
  }

  // The size under a pixel; open-ended at the end of the axis, if that lies beyond the data.
  function settle(k, end, pixel) {
    const sizes = painted.panels[k].points;
    const beyond = end
      ? toSize(k, boxes[k].width) >= sizes.at(-1)[0] && boxes[k].width - pixel <= SNAP
      : toSize(k, 0) <= sizes[0][0] && pixel <= SNAP;
    return beyond ? null : toSize(k, pixel);
  }

  // -- keys: an arrow takes in or leaves out one size, with Shift it moves finely; Page by four --

  function press(event, k, end) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const about = painted.panels[k];
    const window = windows.get(about.curve);
    const sizes = about.points.map(([size]) => size);
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

  graph.addEventListener("pointerdown", () => {
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

  return {
    take,
    close() {
      observer.disconnect();
      removeEventListener("keydown", retrace);
      clearTimeout(pause);
      foot.remove();
      if (Plotly) Plotly.purge(graph);
      rooms.delete(parent);
    },
  };
}

const same = (a, b) => [0, 1].every((end) => a[end] === b[end]
  || (a[end] !== null && b[end] !== null && Math.abs(a[end] / b[end] - 1) < 1e-9));
