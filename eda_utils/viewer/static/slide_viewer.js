// The slide viewer, part 3 of 3: what a hand does, what is said, and its two homes: a notebook and a page.

const FINEST_ZOOM = 16;  // pixels of the screen for one of the finest level
const OUTSIDE_WHEEL_MS = 400;
const MASKS = ["outline", "tint", "off"];

const fitStep = ({ facts, size: [width, height] }) => (
  Math.max(facts.columns / width, facts.rows / height) * 1.04);

function lookAt(v, { row = v.row, col = v.col, step = v.step }) {
  const { rows, columns, finest } = v.facts, coarsest = Math.max(fitStep(v), finest);
  Object.assign(v, { row: clip(row, 0, rows), col: clip(col, 0, columns) });
  v.step = clip(step, finest / FINEST_ZOOM, coarsest);
  refreshSlide(v);
}

function zoomSlide(v, ratio, x = 0, y = 0) {  // about a point that is x, y away from the middle of the stage
  const before = v.step, [row, col] = [v.row + y * before, v.col + x * before];
  lookAt(v, { step: before / ratio });
  if (v.step !== before) lookAt(v, { row: row - y * v.step, col: col - x * v.step });
}

function wholeSlide(v) { lookAt(v, { row: v.facts.rows / 2, col: v.facts.columns / 2, step: fitStep(v) }); }
function placeAt(v, event) {
  const [x, y] = fromMiddle(v, event);
  return { row: v.row + y * v.step, col: v.col + x * v.step };
}

function pressSlide(v, event) {
  v.stage.focus({ preventScroll: true });
  v.stage.setPointerCapture(event.pointerId);
  v.pointers.set(event.pointerId, event);
  holdSlide(v);
}

function holdSlide(v) {  // what is under the fingers stays under them
  const held = [...v.pointers.values()].slice(0, 2);
  v.held = held.length ? { ...middleOf(v, held), step: v.step, spread: spread(v) } : null;
}

function middleOf(v, events) {
  const at = events.map((event) => fromMiddle(v, event));
  const [x, y] = [0, 1].map((axis) => at.reduce((sum, each) => sum + each[axis], 0) / at.length);
  return { x, y, row: v.row + y * v.step, col: v.col + x * v.step };
}

function moveSlide(v, event) {
  v.mouse = event;
  if (v.held && v.pointers.has(event.pointerId)) {
    v.pointers.set(event.pointerId, event);
    const { x, y } = middleOf(v, [...v.pointers.values()].slice(0, 2)), { row, col } = v.held;
    if (v.pointers.size > 1) lookAt(v, { step: (v.held.step * v.held.spread) / Math.max(spread(v), 1) });
    lookAt(v, { row: row - y * v.step, col: col - x * v.step });
  }
  refreshSlide(v);
}

function releaseSlide(v, event) {
  v.pointers.delete(event.pointerId);
  holdSlide(v);
}

function wheelSlide(v, event) {  // a page that is being scrolled goes on, and one cannot be caught at the ends
  const isScroll = performance.now() - v.scrolled < OUTSIDE_WHEEL_MS && !event.ctrlKey && !event.metaKey;
  const before = v.step;
  if (!isScroll) zoomSlide(v, Math.exp(-clip(event.deltaY, -120, 120) / 300), ...fromMiddle(v, event));
  if (isScroll || (v.step === before && !event.ctrlKey)) v.scrolled = performance.now();
  else event.preventDefault();
}

function switchMask(v) { v.masked = MASKS[(MASKS.indexOf(v.masked) + 1) % MASKS.length]; }
function toggleGrid(v) { v.gridded = !v.gridded; }
function toggleInset(v) { v.inset.hidden = !v.inset.hidden; }

const SLIDE_ACTIONS = { 0: wholeSlide, 1: (v) => lookAt(v, { step: 1 }), m: switchMask, g: toggleGrid, o: toggleInset,
  "+": (v) => zoomSlide(v, 1.5), "=": (v) => zoomSlide(v, 1.5), "-": (v) => zoomSlide(v, 1 / 1.5) };

function pressSlideKey(v, event) {
  const { key, target } = event, arrow = ARROWS[key];
  if (event.ctrlKey || event.metaKey || event.altKey || ["SELECT", "SUMMARY"].includes(target.tagName)) return;
  const action = arrow ? () => {
    const far = (event.shiftKey ? 0.5 : 0.1) * v.step;
    v.mouse = null;
    lookAt(v, { row: v.row + arrow[1] * far * v.size[1], col: v.col + arrow[0] * far * v.size[0] });
  } : SLIDE_ACTIONS[key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  event.stopPropagation();
  action(v);
  refreshSlide(v);
}

function refreshSlide(v) {
  v.waiting ??= requestAnimationFrame(() => {
    v.waiting = null;
    if (!v.step) return;
    drawSlide(v);
    describeSlide(v);
    fetchTiles(v);
    if (v.data.tell) v.telling ??= setTimeout(() => tellSlide(v), 100);
  });
}

function viewOf(v, ratio) {
  const [width, height] = v.size.map((side) => Math.round(side * ratio));
  return { row: v.row, col: v.col, step: v.step / ratio, width, height };
}

function drawSlide(v) {
  const ratio = window.devicePixelRatio || 1, view = viewOf(v, ratio), { canvas, facts, store } = v;
  const { width, height } = view, context = canvas.getContext("2d");
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  drawTiles(context, facts, store, view);
  if (v.grid && v.gridded) drawGrid(context, view, v.grid, ratio);
  if (v.mask && v.masked !== "off") drawMask(context, view, v.mask, v.masked, ratio);
  if (!v.inset.hidden) drawInset(v, view, ratio);
  if (isSharp(facts, store, view)) v.root.removeAttribute("aria-busy");
  else v.root.setAttribute("aria-busy", "true");
}

function fetchTiles(v) {  // the view of now decides what is asked next: nothing that is out of date waits anywhere
  const views = [...(v.inset.hidden ? [] : [insetOf(v)]), viewOf(v, window.devicePixelRatio || 1)];
  const wanted = wantedTiles(v.facts, v.store, views);
  while (v.asking < MOST_QUESTIONS && wanted.length) receiveTiles(v, wanted.splice(0, PER_QUESTION));
}

async function receiveTiles(v, tiles) {
  const keys = tiles.map(keyOf), { store } = v;
  v.asking++;
  for (const key of keys) store.asked.add(key);
  const found = await v.data.tiles(tiles);
  await Promise.all(found.tiles.map((tile, at) => keepTile(store, keyOf(tile), found.data[at])));
  store.problem = found.problem || store.problem;
  for (const key of keys) store.asked.delete(key);
  v.asking--;
  refreshSlide(v);
}

async function keepTile(store, key, bytes, stays = false) {
  if (!bytes?.byteLength) store.bad.add(key);
  else try { store.put(key, await decodeTile(bytes), stays); } catch { store.bad.add(key); }
}

function tellSlide(v) {
  v.telling = null;
  const facts = { center: [v.row, v.col].map((at) => +at.toFixed(2)), downsample: v.step };
  const changed = Object.entries(facts).filter(([name, value]) => JSON.stringify(value) !== v.told[name]);
  for (const [name, value] of changed) v.told[name] = JSON.stringify(value);
  if (changed.length) v.data.tell(Object.fromEntries(changed));
}

function hearSlide(v, name, value) {
  if (JSON.stringify(value) === v.told[name]) return;
  v.told[name] = JSON.stringify(value);
  if (name === "center") lookAt(v, { row: value[0], col: value[1] });
  else if (value > 0) lookAt(v, { step: value });
}

/** Build a viewer of a slide in an element from its facts, given, tiles and, with a kernel, tell and listen. */
export function mountSlide(el, data) {
  const { facts } = data, v = { data, facts, store: buildStore(), size: [0, 0], step: 0,
    row: facts.rows / 2, col: facts.columns / 2, pointers: new Map(), told: {}, asking: 0, scrolled: -Infinity,
    masked: "outline", gridded: true };
  v.root = node("div", { class: "eda-viewer eda-slide", role: "group", "aria-label": "Slide viewer",
    "aria-busy": "true", keydown: (event) => pressSlideKey(v, event) });
  v.bar = buildSlideBar(v);
  v.stage = buildSlideStage(v);
  v.probe = node("p", { class: "eda-probe", "aria-live": "polite" });
  v.fine = node("span", { class: "eda-fine" });
  v.caption = node("figcaption", { class: "eda-caption" });
  const lines = node("div", { class: "eda-lines" }, v.probe, v.fine);
  v.root.append(v.bar, node("figure", { class: "eda-pane" }, v.stage, lines, v.caption),
    node("details", {}, node("summary", {}, "Keys"), SLIDE_KEYS));
  el.append(v.root);
  const scrolls = (event) => { if (!v.root.contains(event.target)) v.scrolled = performance.now(); };
  document.addEventListener("wheel", scrolls, { passive: true, capture: true });
  const watcher = new ResizeObserver(() => resizeSlide(v));
  watcher.observe(v.stage);
  const deafen = data.listen?.((name, value) => hearSlide(v, name, value));
  adoptGiven(v);
  return () => {
    watcher.disconnect();
    document.removeEventListener("wheel", scrolls, { capture: true });
    deafen?.();
    v.root.remove();
  };
}

function resizeSlide(v) {  // JupyterLab takes cells out for a while: nothing has a size then
  const { clientWidth: width, clientHeight: height } = v.stage, isFirst = !v.step;
  if (!width) return;
  const wasWhole = !isFirst && v.step >= fitStep(v) * 0.999;
  v.size = [width, height];
  if (isFirst && v.data.center) [v.row, v.col] = v.data.center;
  if (isFirst && v.data.downsample) lookAt(v, { step: v.data.downsample });
  else if (isFirst || wasWhole) lookAt(v, { step: fitStep(v) });
  else lookAt(v, {});
}

async function adoptGiven(v) {
  const { tiles, data, mask, grid } = await v.data.given();
  await Promise.all(tiles.map((key, at) => keepTile(v.store, key, data[at], true)));
  [v.mask, v.grid] = await Promise.all([mask && unpackMask(mask), grid && unpackGrid(grid)]);
  refreshSlide(v);
}

function slideFromKernel(model) {
  const [ask, answer] = questions(model), names = ["center", "downsample"];
  const [center, downsample] = names.map((name) => model.get(name));
  return { facts: model.get("_setup"), center, downsample,
    async given() {
      const given = model.get("_given");
      if (!given) {
        const [facts, data] = await ask({ want: "base" });
        return { ...facts, data };
      }
      model.set("_given", null);  // so that a notebook that is saved holds no pixels
      model.save_changes();
      return given;
    },
    async tiles(tiles) {
      const [facts, data] = await ask({ want: "tiles", tiles });
      return { ...facts, data };
    },
    tell(facts) {
      for (const [name, value] of Object.entries(facts)) model.set(name, value);
      model.save_changes();
    },
    listen(use) {
      const hooks = names.map((name) => [`change:${name}`, () => use(name, model.get(name))]);
      for (const [event, hook] of hooks) model.on(event, hook);
      return () => { for (const [event, hook] of [...hooks, ["msg:custom", answer]]) model.off(event, hook); };
    } };
}

function slideFromPage(block) {
  const { tiles, mask, grid, ...facts } = JSON.parse(block.querySelector("script").textContent);
  for (const still of block.querySelectorAll(".eda-static")) still.hidden = true;
  return { facts,
    async given() { return { tiles: [], data: [], mask, grid }; },
    async tiles(asked) {
      return { tiles: asked, data: asked.map((tile) => bytesOf(tiles[keyOf(tile)] ?? "")), problem: "" };
    } };
}
