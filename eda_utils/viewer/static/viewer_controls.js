// The viewer, part 3 of 4: buttons, sliders, histogram, thumbnails.

const TOOLS = { window: "drag across for the width, down for the centre", pan: "drag the picture",
  probe: "read one pixel", ruler: "drag a length", rectangle: "drag an area" };
const RATES = [1, 2, 5, 10, 15, 20, 25, 30, 60];
const PER_STRIP = 12;
const title = (name) => name[0].toUpperCase() + name.slice(1);
const stopsOf = (picture) => picture?.stops?.length ?? picture?.frames ?? 1;

function button(v, text, hint, action) {
  const click = () => { action(); refresh(v); };
  return node("button", { type: "button", title: hint, "aria-label": /^\w/.test(text) ? null : hint, click }, text);
}

function buildBar(v) {
  const tool = (name, at) => button(v, title(name), `${title(name)}: ${TOOLS[name]} (${at + 1})`, () => pick(v, name));
  const toggle = (name, hint) => button(v, title(name), hint, () => { v[name] = !v[name]; soil(v); });
  v.tools = Object.fromEntries(Object.keys(TOOLS).map((name, at) => [name, tool(name, at)]));
  v.toggles = { invert: toggle("invert", "Black and white change places (I)"),
    overlay: toggle("overlay", "Draw the overlay planes (O)"),
    shutter: toggle("shutter", "Close the display shutter") };
  const fill = () => (document.fullscreenElement ? document.exitFullscreen() : v.root.requestFullscreen());
  return node("div", { class: "eda-bar", role: "toolbar", "aria-label": "Tools" },
    ...Object.values(v.tools), node("span"), ...Object.values(v.toggles), node("span"),
    button(v, "−", "Zoom out (−)", () => zoom(v, 0.8)), button(v, "+", "Zoom in (+)", () => zoom(v, 1.25)),
    button(v, "Turn", "Turn clockwise (T)", () => turn(v)),
    button(v, "Flip", "Left and right change places (F)", () => flip(v)),
    button(v, "Reset", "Window, zoom and marks as at first (0)", () => reset(v)),
    button(v, "Full screen", "Full screen", fill));
}

function slider(v, name, use) {
  const change = (event) => { if (event.target.value !== "") use(Number(event.target.value)); };
  const range = node("input", { type: "range", step: "any", "aria-label": title(name), input: change });
  const number = node("input", { type: "number", step: "any", "aria-label": `${title(name)}, as a number`, change });
  return { range, number, root: node("label", {}, title(name), range, number) };
}

function buildSide(v) {
  const row = (...parts) => node("div", { class: "eda-row" }, ...parts);
  const own = () => choose(v, v.active.picture.menu[v.menu.value]), step = () => go(v, Number(v.frame.value));
  v.menu = node("select", { "aria-label": "Windows of the file and presets", change: own });
  v.center = slider(v, "centre", (center) => choose(v, byHand(v.active.window, { center })));
  v.width = slider(v, "width", (width) => choose(v, byHand(v.active.window, { width })));
  v.windowing = node("fieldset", { "aria-label": "Window" },
    node("label", { class: "eda-wide" }, "Window", v.menu), v.center.root, v.width.root);
  v.plot = node("svg", { class: "eda-histogram", viewBox: `0 0 ${BINS} 60`, preserveAspectRatio: "none", role: "img" });
  v.ends = node("div", { class: "eda-ends" });
  v.frame = node("input", { type: "range", min: 0, step: 1, "aria-label": "Frame", input: step });
  v.play = button(v, "Play", "Play or stop the frames (Space)", () => play(v));
  v.speed = node("select", { "aria-label": "Frames a second", change: () => { v.rate = Number(v.speed.value); } },
    ...RATES.map((rate) => node("option", { value: rate }, `${rate} a second`)));
  v.frameText = node("span");
  v.framing = node("fieldset", { "aria-label": "Frames" }, row(v.frameText, v.frame), row(v.play, v.speed));
  return node("div", { class: "eda-side" }, v.windowing, node("div", {}, v.plot, v.ends), v.framing);
}

function drawSide(v) {
  const { picture } = v.active, marks = (all, on) => {
    for (const [name, each] of Object.entries(all)) each.setAttribute("aria-pressed", on(name));
  };
  marks(v.tools, (name) => name === toolOf(v));
  marks(v.toggles, (name) => v[name]);
  v.tools.window.disabled = !picture?.grey;
  for (const name of ["overlay", "shutter"]) v.toggles[name].hidden = !v.panes.some((each) => each.picture?.[name]);
  v.windowing.hidden = !picture?.grey;
  v.framing.hidden = stopsOf(picture) < 2;
  v.plot.parentElement.hidden = !picture;
  if (!picture) return;
  const count = stopsOf(picture), some = count > 1 && count < picture.frames ? `, ${count} of them here` : "";
  Object.assign(v.frame, { max: count - 1, value: v.stop });
  v.frameText.textContent = `frame ${picture.frame + 1} of ${picture.frames}${some}`;
  v.play.textContent = v.playing ? "Stop" : "Play";
  v.active.bins ??= histogram(picture);
  drawHistogram(v, v.active);
  if (picture.grey) drawWindow(v, v.active);
}

function drawWindow(v, { picture, window }) {
  if (v.listed !== picture) fillMenu(v, picture);
  v.menu.value = window.number;
  const [low, high] = picture.range, known = [window, ...picture.menu];
  const ends = { center: [low, high, ...known.map((each) => each.center)],
    width: [0, high - low, ...known.map((each) => each.width)] };
  for (const name of ["center", "width"]) {
    const { range, number, root } = v[name];
    Object.assign(range, { min: Math.min(...ends[name]), max: Math.max(...ends[name]), value: window[name] });
    if (document.activeElement !== number) number.value = figures(window[name]);
    root.hidden = Boolean(window.greys);
  }
}

function fillMenu(v, picture) {
  const groups = new Map(picture.menu.map(({ group }) => [group, node("optgroup", { label: group })]));
  for (const { group, label, number } of picture.menu)
    groups.get(group).append(node("option", { value: number }, label || `window ${number + 1}`));
  v.menu.replaceChildren(node("option", { value: -1, disabled: true }, "chosen by hand"), ...groups.values());
  v.listed = picture;
}

function drawHistogram(v, { picture, window, bins }) {
  const [low, high] = picture.range ?? [0, 255];
  const most = Math.log1p(Math.max(1, ...bins.map((each) => Math.max(...each))));
  const tall = (n) => 60 - (56 * Math.log1p(n)) / most;
  const shape = (each) => `M0 60${[...each].map((n, at) => `V${tall(n)}H${at + 1}`).join("")}V60Z`;
  const names = picture.grey ? ["eda-bars"] : ["eda-red", "eda-green", "eda-blue"];
  const drawn = bins.map((each, at) => node("path", { class: names[at], d: shape(each) }));
  let text = `Histogram, counts on a logarithmic scale, ${figures(low)} to ${figures(high)}`;
  if (picture.padding) text += ", padding left out";
  if (picture.grey) {
    const [from, to] = limits(window).map((value) => clip(((value - low) / (high - low || 1)) * BINS, 0, BINS));
    const grey = greyOf(window, picture.inverted !== v.invert), step = (high - low) / BINS;
    const curve = Array.from({ length: BINS + 1 }, (_, at) => `${at},${60 - (60 * grey(low + at * step)) / 255}`);
    drawn.push(node("rect", { x: from, y: 0, width: Math.max(to - from, 0.5), height: 60 }));
    drawn.push(node("polyline", { class: "eda-curve", points: curve.join(" ") }));
    text += "; the window is shaded, the line is the grey of each value";
  }
  v.plot.replaceChildren(...drawn);
  v.plot.setAttribute("aria-label", text);
  v.plot.parentElement.title = text;
  const ends = [figures(low), picture.grey ? picture.unit : "red, green, blue", figures(high)];
  v.ends.replaceChildren(...ends.map((end) => node("span", {}, end)));
}

function buildStrip(v) {
  v.place = node("span", { role: "status" });
  v.thumbs = node("div", { class: "eda-thumbs" });
  const previous = button(v, "Previous", "Previous image (B)", () => visit(v, v.position - 1));
  const next = button(v, "Next", "Next image (N)", () => visit(v, v.position + 1));
  const hidden = v.data.linked || v.data.count < 2;
  return node("div", { class: "eda-strip", hidden }, previous, v.place, next, v.thumbs);
}

async function fillStrip(v) {
  const first = Math.floor(v.position / PER_STRIP) * PER_STRIP, count = Math.min(PER_STRIP, v.data.count - first);
  v.place.textContent = `image ${v.position + 1} of ${v.data.count}`;
  if (v.first !== first) v.thumbs.replaceChildren(...Array.from({ length: count }, (_, at) =>
    node("button", { type: "button", "aria-label": `Image ${first + at + 1}`, click: () => visit(v, first + at) })));
  const boxes = [...v.thumbs.children];
  for (const [at, each] of boxes.entries()) each.setAttribute("aria-pressed", first + at === v.position);
  if (v.first === first) return;
  v.first = first;
  for (const [at, each] of boxes.entries()) {  // one after the other: the picture itself comes first
    const address = await v.data.thumbnail(first + at);
    if (v.first !== first) return;
    if (address) each.replaceChildren(node("img", { src: address, alt: "" }));
  }
}
