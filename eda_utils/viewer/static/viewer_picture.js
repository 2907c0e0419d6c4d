// The viewer, part 2 of 4: one picture on the screen. Text comes from files that nobody checked: it reaches the page
// only as text nodes and attributes.

const DRAWN = new Set(["svg", "path", "polygon", "polyline", "rect", "text"]);
const SVG = "http://www.w3.org/2000/svg";
const FOCUSED = new Set(["button", "input", "select", "summary"]);  // here D D must not delete a cell of JupyterLab

function node(tag, attributes = {}, ...children) {
  const made = DRAWN.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value, { passive: false });
    else if (value != null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  if (FOCUSED.has(tag) || "tabindex" in attributes) made.setAttribute("data-lm-suppress-shortcuts", "true");
  made.append(...children);
  return made;
}

function buildPane(v) {
  const marks = node("svg", { class: "eda-marks", "aria-hidden": "true" });
  const pane = { size: [0, 0], canvas: node("canvas"), marks };
  const leave = () => { if (!v.drag) { v.cursor = null; refresh(v); } };
  const enter = () => { v.active = pane; refresh(v); };
  pane.stage = node("div", { class: "eda-stage", tabindex: 0, role: "application",
    "aria-roledescription": "image", "data-jp-suppress-context-menu": true,
    pointerdown: (event) => press(v, pane, event), pointermove: (event) => move(v, pane, event),
    pointerup: (event) => release(v, event), pointercancel: (event) => release(v, event), pointerleave: leave,
    focus: enter, wheel: (event) => wheel(v, pane, event), contextmenu: (event) => event.preventDefault(),
  }, pane.canvas, pane.marks);
  pane.probe = node("p", { class: "eda-probe", "aria-live": "polite" });
  pane.measure = node("p", { class: "eda-measure", role: "status" });
  pane.caption = node("figcaption", { class: "eda-caption" });
  pane.root = node("figure", { class: "eda-pane" }, pane.stage, pane.probe, pane.measure, pane.caption);
  return pane;
}

function adopt(v, pane, picture, keep) {
  const before = pane.window;
  pane.picture = picture.problem ? null : picture;
  pane.bins = pane.measured = null;
  pane.root.classList.toggle("eda-empty", !pane.picture);
  if (picture.problem) {
    for (const line of [pane.probe, pane.measure]) line.textContent = "";
    pane.caption.textContent = `This image cannot be shown: ${picture.problem}`;
    return;
  }
  pane.window = keep && pane.touched ? picture.menu[before.number] ?? before : picture.menu[picture.start];
  pane.touched &&= keep;
  if (!pane.words || pane.canvas.width !== picture.columns || pane.canvas.height !== picture.rows) {
    Object.assign(pane.canvas, { width: picture.columns, height: picture.rows });
    pane.context = pane.canvas.getContext("2d");
    pane.image = pane.context.createImageData(picture.columns, picture.rows);
    pane.words = new Uint32Array(pane.image.data.buffer);
  }
  const { columns, rows, aspect } = v.panes.find((each) => each.picture).picture;  // stages in step have one shape
  pane.stage.style.aspectRatio = `${columns} / ${rows * aspect}`;
}

function paint(v, { picture, window, words, image, context }) {
  const { pixels, low } = picture, negative = v.invert ? 0xffffff : 0;
  if (picture.grey) {
    const grey = greyOf(window, picture.inverted !== v.invert);
    const word = (value) => 0xff000000 | (grey(modality(picture, value)) * 0x010101);
    if (picture.narrow) {
      const table = new Uint32Array(picture.high - low + 1);
      for (let at = 0; at < table.length; at++) table[at] = word(at + low);
      for (let at = 0; at < words.length; at++) words[at] = table[pixels[at] - low];
    } else for (let at = 0; at < words.length; at++) words[at] = word(pixels[at]);
  } else for (let at = 0, from = 0; at < words.length; at++, from += 3)
    words[at] = (0xff000000 | (pixels[from + 2] << 16) | (pixels[from + 1] << 8) | pixels[from]) ^ negative;
  stamp(words, v.shutter && picture.shutter, picture.shutter_grey);
  stamp(words, v.overlay && picture.overlay, 255);
  context.putImageData(image, 0, 0);
}

function stamp(words, mask, grey) {
  if (mask) for (let at = 0; at < words.length; at++) if (bit(mask, at)) words[at] = 0xff000000 | (grey * 0x010101);
}

function place(v, pane) {
  const { picture, stage, canvas } = pane, { zoom, x, y, turn, flip } = v.view;
  const across = Math.max(1 / picture.aspect, 1), down = Math.max(picture.aspect, 1);
  const size = [picture.columns * across, picture.rows * down];
  if (turn % 2) size.reverse();
  if (stage.clientWidth) pane.size = [stage.clientWidth, stage.clientHeight];  // cells can be taken out of the page
  const [width, height] = pane.size, scale = Math.min(width / size[0], height / size[1]) * zoom;
  pane.matrix = new DOMMatrix().translate(width / 2 + x, height / 2 + y)
    .scale(flip ? -1 : 1, 1).rotate(90 * turn).scale(scale * across, scale * down)
    .translate(-picture.columns / 2, -picture.rows / 2);
  canvas.style.transform = pane.matrix.toString();
  canvas.style.imageRendering = scale >= 3 ? "pixelated" : "auto";
}

/** A place as a share of rows and of columns, so that pictures of two sizes can be in step. */
function shareAt({ stage, matrix, picture }, event) {
  const box = stage.getBoundingClientRect();
  const at = matrix.inverse().transformPoint(new DOMPoint(event.clientX - box.left, event.clientY - box.top));
  return [at.y / picture.rows, at.x / picture.columns];
}

function pixelAt({ picture }, share) {
  return [picture.rows, picture.columns].map((side, axis) => clip(Math.floor(share[axis] * side), 0, side - 1));
}

function drawMarks(v, pane) {
  const drawn = [], [width, height] = pane.size;
  const onScreen = ([row, column]) => pane.matrix.transformPoint(new DOMPoint(column, row));
  const center = (share) => onScreen(pixelAt(pane, share).map((at) => at + 0.5));
  const path = (points, tag = "polyline") => {
    const text = points.map((at) => `${at.x},${at.y}`).join(" ");
    drawn.push(...["eda-halo", "eda-line"].map((name) => node(tag, { class: name, points: text })));
  };
  const label = ({ x, y }, text) => drawn.push(
    node("text", { x: clip(x + 8, 4, width - 7.5 * text.length), y: clip(y - 8, 14, height - 4) }, text));
  if (v.cursor && v.cursor.pane !== pane) {
    const { x, y } = center(v.cursor.share);
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]])
      path([5, 14].map((far) => ({ x: x + far * dx, y: y + far * dy })));
  }
  if (v.marks.ruler) {
    const [a, b] = v.marks.ruler.map(center), length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
    const [dx, dy] = [(-6 * (b.y - a.y)) / length, (6 * (b.x - a.x)) / length];
    path([a, b]);
    for (const { x, y } of [a, b]) path([{ x: x + dx, y: y + dy }, { x: x - dx, y: y - dy }]);
    label(b, `${pane.ruler.length.toFixed(1)} ${pane.ruler.unit}`);
  }
  if (v.marks.rectangle) {
    const [[r0, c0], [r1, c1]] = v.marks.rectangle.map((share) => pixelAt(pane, share));
    const [top, bottom, left, right] = [Math.min(r0, r1), Math.max(r0, r1) + 1, Math.min(c0, c1), Math.max(c0, c1) + 1];
    const corners = [[top, left], [top, right], [bottom, right], [bottom, left]].map(onScreen);
    path(corners, "polygon");
    label(corners[1], pane.area.n ? `mean ${[pane.area.mean].flat().map(figures).join("/")}` : "padding");
  }
  pane.marks.replaceChildren(...drawn);
}

function captionOf(v, { picture, window }) {
  const chosen = window && `window ${figures(window.center)}/${figures(window.width)} chosen · ${window.kind}`;
  const [before, after] = picture.caption, shown = !window ? "" : window.number >= 0 ? window.text : chosen;
  let text = `${picture.title} · ${before}${shown}${after}`;
  if (v.overlay) text = text.replace("overlay not drawn", "overlay drawn");
  if (v.shutter) text = text.replace("shutter left open", "shutter closed");
  if (v.invert) text += " · inverted by hand";
  return picture.factor > 1 ? `${text} · reduced to the means of ${picture.factor} × ${picture.factor} pixels` : text;
}

function probeOf(v, pane) {
  const { picture, words } = pane, { factor, pixels, unit, columns, padding } = picture;
  if (!v.cursor) return "Point at a pixel to read it";
  const [row, column] = pixelAt(pane, v.cursor.share), at = row * columns + column;
  const value = figures(modality(picture, pixels[at])), grey = `grey ${words[at] & 255} of 255`;
  const said = [`row ${row * factor}, column ${column * factor}`];
  if (!picture.grey) said.push(["red", "green", "blue"].map((name, c) => `${name} ${pixels[3 * at + c]}`).join(", "));
  else if (unit === "stored value") said.push(`stored value ${value}`, grey);
  else said.push(...(picture.stored ? [`stored ${figures(pixels[at])}`] : []), `${value} ${unit}`, grey);
  if (padding && bit(padding, at)) said.push("padding");
  if (factor > 1) said.push(`mean of ${factor} × ${factor} pixels`);
  return said.join(" · ");
}

function measurementOf(v, pane) {
  const said = [], corners = (marks) => marks.map((share) => pixelAt(pane, share)), { ruler, rectangle } = v.marks;
  pane.ruler = ruler ? measureLength(pane.picture, ...corners(ruler)) : null;
  if (ruler) said.push(`Ruler: ${pane.ruler.length.toFixed(2)} ${pane.ruler.unit} (${pane.ruler.spacing_source})`);
  if (pane.measured !== rectangle) pane.area = rectangle ? measureArea(pane.picture, ...corners(rectangle)) : null;
  pane.measured = rectangle;
  if (rectangle) {
    const { rows, columns, n, unit } = pane.area;
    const fact = (name) => `${name} ${[pane.area[name]].flat().map(figures).join("/")}`;
    const facts = n ? ["mean", "sd", "min", "max"].map(fact) : [];
    said.push(`Rectangle ${rows} × ${columns}: ${n ? `${facts.join(", ")} ${unit}, n ${n}` : "nothing but padding"}`);
  }
  return said.join(" · ");
}

function describe(v, pane) {
  const texts = { probe: probeOf(v, pane), measure: measurementOf(v, pane), caption: captionOf(v, pane) };
  for (const [name, text] of Object.entries(texts)) if (pane[name].textContent !== text) pane[name].textContent = text;
  pane.stage.setAttribute("aria-label", `${texts.caption}. Keys are listed below.`);
}
