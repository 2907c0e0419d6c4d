// The viewer, part 4 of 4: what a hand does, loading, and the two homes of a viewer: a notebook and a page.
// Window, zoom and measurements are computed here, from pixels that Python sent once; nothing is fetched.

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const KEYS = "Arrows: window, pan or cursor, as the tool says; with Shift 10 times as far. 1 to 5: tools. Enter: begin "
  + "or end a ruler or rectangle. Esc: take marks away. + and − zoom, 0 reset, I invert, T turn, F flip, O overlay. "
  + "Page up and down: frames. Space: cine. N and B: next and previous image. Wheel after a click: frames; "
  + "with Ctrl: zoom. Shift or the right button and drag: pan. Rows and columns count from 0.";
const HOME = { zoom: 1, x: 0, y: 0, turn: 0, flip: false };
const CACHE_BYTES = 2 ** 28;

function byHand(window, change) {  // numbers of three figures or whole ones, whichever is finer
  const kind = window.greys ? "LINEAR" : window.kind, next = { center: window.center, width: window.width, ...change };
  const least = kind === "LINEAR" ? 1 : 1e-6, width = Math.max(next.width, least);
  const digits = clip(2 - Math.floor(Math.log10(width)), 0, 8);
  return { kind, number: -1, center: +next.center.toFixed(digits), width: Math.max(+width.toFixed(digits), least) };
}

function choose(v, window) {
  for (const pane of v.panes) {
    if (!pane.picture?.grey || pane.picture.unit !== v.active.picture.unit) continue;
    const same = window.number >= 0 && pane.picture.menu.find((entry) => entry.text === window.text);
    if (pane !== v.active && window.greys && !same) continue;
    pane.window = pane === v.active ? window : same || { ...window, number: -1 };
    pane.stale = pane.touched = true;
  }
  refresh(v);
}

function pick(v, tool) { Object.assign(v, { tool, begun: null }); }
function toolOf(v) { return v.tool === "window" && v.active.picture && !v.active.picture.grey ? "pan" : v.tool; }
function soil(v) { for (const pane of v.panes) pane.stale = true; }
function turn(v) { v.view.turn = (v.view.turn + (v.view.flip ? 3 : 1)) % 4; }
function flip(v) { Object.assign(v.view, { flip: !v.view.flip, x: -v.view.x }); }
function invert(v) { v.invert = !v.invert; soil(v); }

function zoom(v, ratio, x = 0, y = 0) {  // about a point that is x, y away from the middle of the stage
  const to = clip(v.view.zoom * ratio, 0.25, 64), by = to / v.view.zoom;
  Object.assign(v.view, { zoom: to, x: x - (x - v.view.x) * by, y: y - (y - v.view.y) * by });
}

function reset(v) {
  Object.assign(v, { view: { ...HOME }, marks: {}, invert: false, overlay: false, shutter: false, begun: null });
  for (const pane of v.panes.filter((each) => each.picture))
    Object.assign(pane, { window: pane.picture.menu[pane.picture.start], touched: false, stale: true });
}

function fromMiddle({ stage }, event) {
  const box = stage.getBoundingClientRect();
  return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
}

function spread(v) {
  const [a, b] = v.pointers.values();
  return b ? Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) : 0;
}

function press(v, pane, event) {
  v.active = pane;
  pane.stage.focus({ preventScroll: true });
  pane.stage.setPointerCapture(event.pointerId);
  v.pointers.set(event.pointerId, event);
  if (!pane.matrix || !pane.picture) return;
  const tool = v.pointers.size === 2 ? "pinch" : event.button > 0 || event.shiftKey ? "pan" : toolOf(v);
  v.drag = { tool, event, window: pane.window, view: { ...v.view }, share: shareAt(pane, event), spread: spread(v) };
  move(v, pane, event);
}

function move(v, pane, event) {
  if (!pane.matrix || !pane.picture) return;
  const share = shareAt(pane, event);
  v.cursor = v.drag || share.every((at) => at >= 0 && at < 1) ? { pane, share } : null;
  if (v.drag && v.pointers.has(event.pointerId)) {
    v.pointers.set(event.pointerId, event);
    drag(v, pane, event, share);
  }
  refresh(v);
}

function drag(v, pane, event, share) {
  const { tool, window, view, event: { clientX, clientY } } = v.drag;
  const dx = event.clientX - clientX, dy = event.clientY - clientY;
  if (tool === "pinch" && v.pointers.size === 2) {
    v.view = { ...view };
    zoom(v, spread(v) / v.drag.spread, ...fromMiddle(pane, event));
  }
  if (!dx && !dy) return;
  if (tool === "window") choose(v, byHand(window,
    { center: window.center + (dy * window.width) / 300, width: window.width * Math.exp(dx / 200) }));
  if (tool === "pan") Object.assign(v.view, { x: view.x + dx, y: view.y + dy });
  if (tool === "ruler" || tool === "rectangle") v.marks[tool] = [v.drag.share, share];
}

function release(v, event) {
  v.pointers.delete(event.pointerId);
  if (!v.pointers.size) v.drag = null;
}

function wheel(v, pane, event) {  // without the focus the wheel scrolls the page, as everywhere
  const isNear = v.root.contains(document.activeElement) && stopsOf(pane.picture) > 1;
  if (event.ctrlKey || event.metaKey) zoom(v, Math.exp(-event.deltaY / 400), ...fromMiddle(pane, event));
  else if (!isNear) return;
  else if (Math.abs((v.wheeled = (v.wheeled ?? 0) + event.deltaY)) >= 30) {
    go(v, v.stop + Math.sign(v.wheeled));
    v.wheeled = 0;
  }
  event.preventDefault();
  refresh(v);
}

function nudge(v, [dx, dy], far) {
  const pane = v.active, { picture, window } = pane, tool = toolOf(v);
  if (tool === "pan") Object.assign(v.view, { x: v.view.x + 10 * dx * far, y: v.view.y + 10 * dy * far });
  else if (tool === "window") {
    const least = 10 ** Math.min(0, Math.floor(Math.log10(window.width)) - 2);
    const step = far * Math.max(window.width * 0.02, least);
    choose(v, byHand(window, { center: window.center + step * dy, width: window.width + step * dx }));
  } else {
    const [row, column] = pixelAt(pane, v.cursor?.share ?? [0.5, 0.5]), { rows, columns } = picture;
    const at = [clip(row + dy * far, 0, rows - 1), clip(column + dx * far, 0, columns - 1)];
    v.cursor = { pane: null, share: [(at[0] + 0.5) / rows, (at[1] + 0.5) / columns] };
    if (v.begun) v.marks[tool] = [v.begun, v.cursor.share];
  }
}

function enter(v) {  // the first time a ruler or rectangle begins at the cursor, the second time it stays
  if ((v.tool !== "ruler" && v.tool !== "rectangle") || !v.cursor) return;
  v.begun = v.begun ? null : v.cursor.share;
  if (v.begun) v.marks[v.tool] = [v.begun, v.begun];
}

const ACTIONS = { Enter: enter, 0: reset, i: invert, t: turn, f: flip,
  Escape: (v) => Object.assign(v, { marks: {}, begun: null }), o: (v) => { v.overlay = !v.overlay; soil(v); },
  "+": (v) => zoom(v, 1.25), "=": (v) => zoom(v, 1.25), "-": (v) => zoom(v, 0.8), " ": (v) => play(v),
  n: (v) => visit(v, v.position + 1), b: (v) => visit(v, v.position - 1),
  PageDown: (v) => go(v, v.stop + 1), PageUp: (v) => go(v, v.stop - 1) };

function pressKey(v, event) {
  const { key, target } = event, tool = Object.keys(TOOLS)[key - 1];
  if (event.ctrlKey || event.metaKey || event.altKey || ["INPUT", "SELECT", "SUMMARY"].includes(target.tagName)) return;
  if (target.tagName === "BUTTON" && (key === "Enter" || key === " ")) return;
  if (key === "Escape" && !v.begun && !Object.keys(v.marks).length) return;  // it may close what is around the viewer
  const action = ARROWS[key] ? () => v.active.picture && nudge(v, ARROWS[key], event.shiftKey ? 10 : 1)
    : tool ? () => pick(v, tool) : ACTIONS[key.length === 1 ? key.toLowerCase() : key];
  if (!action) return;
  event.preventDefault();
  event.stopPropagation();
  action(v);
  refresh(v);
}

function go(v, stop) {
  const to = clip(stop, 0, Math.max(...v.panes.map((pane) => stopsOf(pane.picture))) - 1);
  if (to === v.stop) return null;
  v.stop = to;
  return show(v, true);
}

function visit(v, position) {
  if (v.data.linked || position < 0 || position >= v.data.count || position === v.position) return;
  const fresh = { view: { ...HOME }, marks: {}, playing: false, rate: null, cursor: null, begun: null };
  show(Object.assign(v, { position, stop: 0 }, fresh), false);
}

async function play(v) {
  v.playing = !v.playing;
  while (v.playing && v.root.isConnected) {
    const begun = performance.now();
    await go(v, v.stop + 1 < stopsOf(v.active.picture) ? v.stop + 1 : 0);
    const rest = 1000 / v.rate - (performance.now() - begun);
    await new Promise((done) => { setTimeout(done, Math.max(rest, 1)); });
  }
}

function refresh(v) {
  v.waiting ??= requestAnimationFrame(() => {
    v.waiting = null;
    for (const pane of v.panes.filter((each) => each.picture)) {
      if (pane.stale) paint(v, pane);
      pane.stale = false;
      place(v, pane);
      describe(v, pane);
      drawMarks(v, pane);
    }
    drawSide(v);
    if (v.data.tell) v.telling ??= setTimeout(() => tell(v), 100);
  });
}

async function show(v, keep) {
  const ticket = (v.ticket = (v.ticket ?? 0) + 1);
  v.root.setAttribute("aria-busy", "true");
  const found = await Promise.all(v.panes.map(({ picture }, at) => (v.data.linked
    ? v.load(at, picture ? Math.min(v.stop, stopsOf(picture) - 1) : v.stop) : v.load(v.position, v.stop))));
  if (ticket !== v.ticket) return;
  for (const [at, picture] of found.entries()) v.panes[at].picture = picture.problem ? null : picture;
  for (const [at, picture] of found.entries()) adopt(v, v.panes[at], picture, keep);
  v.rate ??= found[0].speed ?? 10;
  v.speed.value = RATES.reduce((a, b) => (Math.abs(b - v.rate) < Math.abs(a - v.rate) ? b : a));
  v.root.removeAttribute("aria-busy");
  const { later } = v;
  v.later = null;
  hear(v, "window", later);
  soil(v);
  refresh(v);
  if (!v.data.linked && v.data.count > 1) fillStrip(v);
}

function remember(load) {  // frames that were loaded; the oldest are forgotten when there are too many bytes
  const kept = new Map(), size = (picture) => picture.pixels?.byteLength ?? 0;
  let bytes = 0;
  return async (position, stop) => {
    const key = `${position}/${stop}`, picture = kept.get(key) ?? (await load(position, stop));
    if (!kept.delete(key)) bytes += size(picture);
    kept.set(key, picture);
    for (const old of kept.keys()) {
      if (bytes <= CACHE_BYTES || old === key) break;
      bytes -= size(kept.get(old));
      kept.delete(old);
    }
    return picture;
  };
}

function tell(v) {  // Python hears at most ten times a second, and only of what changed
  v.telling = null;
  const { picture, window, ruler, area } = v.active, { center, width, kind, text = "" } = window ?? {};
  const position = v.data.linked ? v.panes.indexOf(v.active) : v.position;
  const facts = { position, frame: picture?.frame ?? 0, ruler: (picture && ruler) ?? null,
    rectangle: (picture && area) ?? null, window: picture?.grey ? { center, width, kind, text } : null };
  const changed = Object.entries(facts).filter(([name, value]) => JSON.stringify(value) !== v.told[name]);
  for (const [name, value] of changed) v.told[name] = JSON.stringify(value);
  if (changed.length) v.data.tell(Object.fromEntries(changed));
}

function hear(v, name, value) {
  if (value == null) return;
  if (name === "position") visit(v, value);
  if (name === "frame") go(v, value);
  if (name !== "window") return;
  if (v.root.hasAttribute("aria-busy")) v.later = value;  // it is meant for the picture that is on its way
  const { window, picture } = v.active;
  if (v.later || !picture?.grey) return;
  if (window.center === value.center && window.width === value.width && window.kind === value.kind) return;
  choose(v, picture.menu.find((entry) => entry.text === value.text) ?? { ...value, number: -1 });
}

/** Build a viewer in an element from its count, linked, load, thumbnail and, with a kernel, tell and listen. */
export function mount(el, data) {
  const v = { data, position: data.position ?? 0, stop: data.stop ?? 0, tool: "window", view: { ...HOME }, marks: {},
    pointers: new Map(), told: {}, invert: false, overlay: false, shutter: false, load: remember(data.load) };
  v.root = node("div", { class: "eda-viewer", role: "group", "aria-label": "Image viewer",
    keydown: (event) => pressKey(v, event) });
  v.panes = Array.from({ length: data.linked ? data.count : 1 }, () => buildPane(v));
  v.active = v.panes[0];
  const panes = node("div", { class: "eda-panes" }, ...v.panes.map((pane) => pane.root));
  const body = node("div", { class: "eda-body" }, panes, buildSide(v));
  v.root.append(buildBar(v), body, buildStrip(v), node("details", {}, node("summary", {}, "Keys"), KEYS));
  el.append(v.root);
  const watcher = new ResizeObserver((entries) => {
    for (const { target, contentRect: { width, height } } of entries)
      if (width) v.panes.find((pane) => pane.stage === target).size = [width, height];
    refresh(v);
  });
  for (const pane of v.panes) watcher.observe(pane.stage);
  const deafen = data.listen?.((name, value) => hear(v, name, value));
  for (const [name, value] of Object.entries(data.known ?? {})) v.told[name] = JSON.stringify(value);
  show(v, false).then(() => hear(v, "window", data.window));  // Python may have changed it meanwhile
  return () => {
    v.playing = false;
    watcher.disconnect();
    deafen?.();
    v.root.remove();
  };
}

/** Ask the kernel, which answers with a message and buffers. */
function questions(model) {
  const waiting = new Map();
  const ask = (question) => new Promise((resolve) => {
    const id = Math.random().toString(36).slice(2);  // other views of the same model hear the answer too
    waiting.set(id, resolve);
    model.send({ ...question, id });
  });
  const answer = (content, buffers) => {
    waiting.get(content.id)?.([content, buffers ?? []]);
    waiting.delete(content.id);
  };
  model.on("msg:custom", answer);
  return [ask, answer];
}

function fromKernel(model) {
  const [ask, answer] = questions(model);
  const names = ["position", "frame", "window", "ruler", "rectangle"];
  const known = Object.fromEntries(names.map((name) => [name, model.get(name)]));
  return { ...model.get("_setup"), known, position: known.position, stop: known.frame,
    get window() { return model.get("window"); },
    async load(at, frame) {
      const [{ facts, arrays }, buffers] = await ask({ want: "picture", position: at, frame });
      return unpack(facts, Object.fromEntries(arrays.map((name, number) => [name, buffers[number]])));
    },
    async thumbnail(at) {
      const [, [png]] = await ask({ want: "thumbnail", position: at });
      return png ? URL.createObjectURL(new Blob([png], { type: "image/png" })) : null;
    },
    tell(facts) {
      for (const [name, value] of Object.entries(facts)) model.set(name, value);
      model.save_changes();
    },
    listen(use) {
      const hooks = ["position", "frame", "window"].map((name) => [`change:${name}`, () => use(name, model.get(name))]);
      for (const [event, hook] of hooks) model.on(event, hook);
      return () => { for (const [event, hook] of [...hooks, ["msg:custom", answer]]) model.off(event, hook); };
    } };
}

function fromPage(block, hides = true) {
  const { linked, pictures } = JSON.parse(block.querySelector("script").textContent);
  const still = [...block.querySelectorAll(".eda-static")];
  const problem = "there was no room for its pixels on this page; see the small picture above";
  const isLive = pictures.some(([first]) => first && !first.facts.problem);
  if (hides) for (const [at, frames] of pictures.entries()) still[at].hidden = isLive && frames.length > 0;
  return { linked, isLive, count: pictures.length,
    async load(position, stop) {
      const { facts, data } = pictures[position][stop] ?? { facts: { problem }, data: {} };
      return unpack(facts, data);
    },
    async thumbnail(position) { return still[position].querySelector("img")?.src; } };
}

/** Make every block that eda_utils.viewer_html wrote live as soon as it comes near the screen. */
export function mountPage(style) {
  document.head.append(node("style", {}, style));
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      const isSlide = target.matches(".eda-slide-block"), data = (isSlide ? slideFromPage : fromPage)(target);
      if (isSlide || data.isLive) (isSlide ? mountSlide : mount)(target, data);
    }
  }, { rootMargin: "600px" });
  const blocks = document.querySelectorAll(".eda-block:not(.eda-card *), .eda-slide-block");
  for (const block of blocks) watcher.observe(block);
}

const render = ({ model, el }) => (model.get("_setup").slide ? mountSlide(el, slideFromKernel(model))
  : mount(el, fromKernel(model)));
export default { render };
