// The slide viewer, part 2 of 3: buttons, the overview in the corner, the scale bar, and what is said.

const SLIDE_KEYS = "Arrows: move, with Shift farther. + and − zoom, 0 the whole slide, 1 one pixel of the slide for "
  + "a pixel of the screen. M: mask as outline, tint or not at all. G: grid. O: overview. Wheel: zoom about the mouse. "
  + "Double click: zoom in, with Shift out. Two fingers: zoom and move. Rows and columns count from 0, at level 0.";
const INSET_SIDE = 150, BAR_WIDTH = 130;

const spoken = (value, digits = 1) => value.toLocaleString("en", { maximumFractionDigits: digits });

function buildSlideBar(v) {
  const act = (text, hint, action) => button(v, text, hint, () => { action(v); refreshSlide(v); });
  const fill = () => (document.fullscreenElement ? document.exitFullscreen() : v.root.requestFullscreen());
  v.maskButton = act("Mask: outline", "Mask as outline, tint or not at all (M)", switchMask);
  v.gridButton = act("Grid", "Show the grid of tiles (G)", toggleGrid);
  v.insetButton = act("Overview", "Show the whole slide in the corner (O)", toggleInset);
  return node("div", { class: "eda-bar", role: "toolbar", "aria-label": "Tools" },
    act("−", "Zoom out (−)", SLIDE_ACTIONS["-"]), act("+", "Zoom in (+)", SLIDE_ACTIONS["+"]),
    act("Whole slide", "The whole slide (0)", wholeSlide),
    act("1:1", "One pixel of the slide for a pixel of the screen (1)", SLIDE_ACTIONS[1]),
    node("span"), v.maskButton, v.gridButton, v.insetButton, node("span"), act("Full screen", "Full screen", fill));
}

function buildSlideStage(v) {
  v.canvas = node("canvas");
  const grab = (event) => { v.inset.setPointerCapture(event.pointerId); dragInset(v, event); };
  v.inset = node("canvas", { class: "eda-inset", "aria-hidden": "true", pointerdown: grab,
    pointermove: (event) => dragInset(v, event), dblclick: (event) => event.stopPropagation() });
  v.scale = node("div", { class: "eda-scale", role: "img", "aria-label": "Scale bar" });
  return node("div", { class: "eda-stage", tabindex: 0, role: "application", "aria-roledescription": "slide",
    "data-jp-suppress-context-menu": true,
    pointerdown: (event) => pressSlide(v, event), pointermove: (event) => moveSlide(v, event),
    pointerup: (event) => releaseSlide(v, event), pointercancel: (event) => releaseSlide(v, event),
    pointerleave: () => { v.mouse = null; refreshSlide(v); }, wheel: (event) => wheelSlide(v, event),
    dblclick: (event) => zoomSlide(v, event.shiftKey ? 0.5 : 2, ...fromMiddle(v, event)) }, v.canvas, v.inset, v.scale);
}

function insetOf({ facts: { rows, columns }, size }) {  // a view of the whole slide
  const side = Math.min(INSET_SIDE, size[0] / 4, size[1] / 3), step = Math.max(rows, columns) / side;
  return { row: rows / 2, col: columns / 2, step, width: Math.ceil(columns / step), height: Math.ceil(rows / step) };
}

function drawInset(v, view, ratio) {
  const { facts, store, inset } = v, small = insetOf(v), context = inset.getContext("2d");
  Object.assign(inset.style, { width: `${small.width}px`, height: `${small.height}px` });
  const [width, height] = [small.width, small.height].map((side) => Math.round(side * ratio));
  const fine = { ...small, step: small.step / ratio, width, height };
  Object.assign(inset, { width, height });
  drawTiles(context, facts, store, fine);
  const half = [(view.width * view.step) / 2, (view.height * view.step) / 2];
  const [left, right] = [-1, 1].map((sign) => clip(acrossOf(fine, view.col + sign * half[0]), 1, fine.width - 1));
  const [top, bottom] = [-1, 1].map((sign) => clip(downOf(fine, view.row + sign * half[1]), 1, fine.height - 1));
  for (const [ink, thick] of [[HALO, 4], [MASK_INK, 2]]) {
    Object.assign(context, { strokeStyle: ink, lineWidth: thick * ratio });
    context.strokeRect(left, top, Math.max(right - left, 3), Math.max(bottom - top, 3));
  }
}

function dragInset(v, event) {
  if (!event.buttons) return;
  event.stopPropagation();
  event.preventDefault();
  const box = v.inset.getBoundingClientRect(), { rows, columns } = v.facts;
  const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  lookAt(v, { row: y * rows, col: x * columns });
}

/** The longest of 1, 2 and 5 times a power of ten that is no wider than so many pixels. */
export function scaleBar(umPerPixel, widest = BAR_WIDTH) {
  const most = umPerPixel * widest, power = 10 ** Math.floor(Math.log10(most));
  const um = [5, 2, 1].find((factor) => factor * power <= most) * power;
  const text = um < 1000 ? `${+um.toPrecision(3)} µm` : `${+(um / 1000).toPrecision(3)} mm`;
  return { width: um / umPerPixel, text };
}

function fineness({ facts: { mpp }, step }) {
  if (mpp) return `${(mpp * step).toPrecision(3).replace(/\.?0+$/, "")} µm per screen pixel`;
  return `${+step.toPrecision(3)} pixels of the slide per screen pixel`;
}

function placeText({ facts: { mpp, rows, columns }, ...v }) {
  const { row, col } = v.mouse ? placeAt(v, v.mouse) : v, name = v.mouse ? "Mouse" : "Centre";
  if (row < 0 || col < 0 || row >= rows || col >= columns) return `${name}: outside of the slide`;
  const said = `${name}: row ${spoken(Math.floor(row), 0)}, column ${spoken(Math.floor(col), 0)}`;
  return mpp ? `${said} · ${spoken(row * mpp)} µm down, ${spoken(col * mpp)} µm across` : said;
}

function captionText({ facts, store }) {
  const { title, spacing, finest, mpp } = facts;
  const held = finest > 1 ? [mpp ? `this page holds ${+(mpp * finest).toPrecision(3)} µm per pixel`
    : `this page holds every ${+finest.toPrecision(3)}th pixel`] : [];
  const bad = `${store.bad.size} tile${store.bad.size > 1 ? "s" : ""} crossed out: cannot be read`;
  const wrong = store.bad.size ? [[bad, store.problem].filter(Boolean).join(", ")] : [];
  return [title, spacing, ...held, ...wrong].join(" · ");
}

function describeSlide(v) {
  const texts = { probe: placeText(v), fine: fineness(v), caption: captionText(v) };
  for (const [name, text] of Object.entries(texts)) if (v[name].textContent !== text) v[name].textContent = text;
  const bar = v.facts.mpp ? scaleBar(v.facts.mpp * v.step) : { width: null, text: "no spacing" };
  v.scale.textContent = bar.text;
  v.scale.style.width = bar.width ? `${bar.width}px` : "auto";
  v.scale.classList.toggle("eda-unknown", !bar.width);
  v.stage.setAttribute("aria-label", `${texts.caption} · ${texts.fine}. Keys are listed below.`);
  v.maskButton.textContent = `Mask: ${v.masked}`;
  v.maskButton.setAttribute("aria-pressed", v.masked !== "off");
  v.gridButton.setAttribute("aria-pressed", v.gridded);
  v.insetButton.setAttribute("aria-pressed", !v.inset.hidden);
  v.maskButton.hidden = !v.mask;
  v.gridButton.hidden = !v.grid;
}
