// The slide viewer, part 1 of 3: tiles on a canvas. Places are in level-0 pixels of the slide; a view has the place of
// its middle, a width and height in pixels of its canvas, and a step: how many level-0 pixels one of those spans.

const MOST_TILES = 768, PER_QUESTION = 8, MOST_QUESTIONS = 2;  // 768 tiles of 256 x 256 are 200 MB
const MASK_INK = "#0072b2", MASK_TINT = [0, 114, 178, 80];
const GRID_INK = "rgba(0, 0, 0, .75)", HALO = "rgba(255, 255, 255, .85)";
const LEAST_SQUARE = 9;  // of a place of the grid: below, the lines would hide the tissue
const keyOf = (tile) => tile.join("/");

/** Tiles that were loaded; the ones not drawn for longest are forgotten, those of the overview stay. */
function buildStore() {
  const kept = new Map(), base = new Map();
  return { asked: new Set(), bad: new Set(), problem: "",
    has: (key) => base.has(key) || kept.has(key),
    get(key) {
      const tile = base.get(key) ?? kept.get(key);
      if (kept.delete(key)) kept.set(key, tile);
      return tile;
    },
    put(key, tile, stays) {
      (stays ? base : kept).set(key, tile);
      for (const [old, bitmap] of kept) {
        if (kept.size <= MOST_TILES) break;
        kept.delete(old);
        bitmap.close();
      }
    },
    get size() { return kept.size + base.size; } };
}

const decodeTile = (bytes) => createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
const bytesOf = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
const stepOf = ({ finest }, level) => finest * 2 ** level;

function levelFor(facts, step) {  // the finest one of which a pixel of the canvas spans no more than 1.7 pixels
  return clip(Math.floor(Math.log2(step / facts.finest) + 0.25), 0, facts.levels - 1);
}

function tilesIn(facts, view, level, margin = 0) {  // nearest to the middle first
  const step = stepOf(facts, level), side = facts.tile * step, found = [];
  const along = (at, half, full) => {
    const count = Math.ceil(Math.ceil(full / step) / facts.tile);
    const [first, last] = [Math.floor((at - half) / side) - margin, Math.floor((at + half) / side) + margin];
    return [Math.max(0, first), Math.min(count - 1, last)];
  };
  const [top, bottom] = along(view.row, (view.height * view.step) / 2, facts.rows);
  const [left, right] = along(view.col, (view.width * view.step) / 2, facts.columns);
  for (let row = top; row <= bottom; row++) for (let col = left; col <= right; col++) found.push([level, row, col]);
  const far = ([, row, col]) => Math.hypot((row + 0.5) * side - view.row, (col + 0.5) * side - view.col);
  return found.sort((a, b) => far(a) - far(b));
}

/** What to ask for next: a coarse layer, then what is seen, then a margin around it. */
function wantedTiles(facts, store, views) {
  const view = views.at(-1), level = levelFor(facts, view.step), coarse = Math.min(level + 2, facts.levels - 1);
  const seen = views.map((each) => tilesIn(facts, each, levelFor(facts, each.step)));
  const listed = [tilesIn(facts, view, coarse), ...seen, tilesIn(facts, view, level, 1)].flat();
  const wanted = new Map(listed.map((tile) => [keyOf(tile), tile]));
  for (const key of wanted.keys()) if (store.has(key) || store.asked.has(key) || store.bad.has(key)) wanted.delete(key);
  return [...wanted.values()];
}

const isSharp = (facts, store, view) => tilesIn(facts, view, levelFor(facts, view.step))
  .every((tile) => store.has(keyOf(tile)) || store.bad.has(keyOf(tile)));

const acrossOf = (view, col) => Math.round((col - view.col) / view.step + view.width / 2);
const downOf = (view, row) => Math.round((row - view.row) / view.step + view.height / 2);

/** Draw coarse tiles first and finer ones over them; what lies outside of the slide is white. */
function drawTiles(context, facts, store, view) {
  const level = levelFor(facts, view.step), bad = [];
  context.fillStyle = "#fff";
  context.fillRect(0, 0, view.width, view.height);
  context.imageSmoothingEnabled = view.step > facts.finest / 3;
  let first = level;
  while (first < facts.levels - 1 && !tilesIn(facts, view, first).every((tile) => store.has(keyOf(tile)))) first++;
  for (let at = first; at >= level; at--) for (const tile of tilesIn(facts, view, at)) {
    const step = stepOf(facts, at), bitmap = store.get(keyOf(tile));
    const [row, col] = tile.slice(1).map((number) => number * facts.tile * step);
    const [left, top] = [acrossOf(view, col), downOf(view, row)];
    if (bitmap) context.drawImage(bitmap, left, top,
      acrossOf(view, col + bitmap.width * step) - left, downOf(view, row + bitmap.height * step) - top);
    else if (at === level && store.bad.has(keyOf(tile))) {
      const ends = [Math.min(facts.columns, col + facts.tile * step), Math.min(facts.rows, row + facts.tile * step)];
      bad.push([left, top, acrossOf(view, ends[0]), downOf(view, ends[1])]);
    }
  }
  for (const box of bad) crossOut(context, box);
}

function crossOut(context, [left, top, right, bottom]) {  // a tile that cannot be read is no glass
  context.strokeStyle = "#d55e00";
  context.lineWidth = 1;
  context.beginPath();
  for (const [x0, y0, x1, y1] of [[left, top, right, bottom], [left, bottom, right, top]]) {
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
  }
  context.stroke();
  context.strokeRect(left + 0.5, top + 0.5, right - left - 1, bottom - top - 1);
}

/** The mask as lines between its pixels, and as a tint. */
async function unpackMask({ rows, columns, downsample, bits }) {
  const packed = await inflate(bits, 1), inside = (row, col) => (
    row >= 0 && col >= 0 && row < rows && col < columns ? bit(packed, row * columns + col) : 0);
  const outline = new Path2D(), tint = node("canvas", { width: columns, height: rows });
  const image = new ImageData(columns, rows);
  const lines = (most, length, differs, draw) => {
    for (let across = 0; across <= most; across++) for (let at = 0; at < length; at++) {
      if (!differs(across, at)) continue;
      const from = at;
      while (at < length && differs(across, at)) at++;
      draw(across, from, at);
    }
  };
  const line = (x0, y0, x1, y1) => { outline.moveTo(x0, y0); outline.lineTo(x1, y1); };
  lines(rows, columns, (y, x) => inside(y - 1, x) !== inside(y, x), (y, from, to) => line(from, y, to, y));
  lines(columns, rows, (x, y) => inside(y, x - 1) !== inside(y, x), (x, from, to) => line(x, from, x, to));
  for (let at = 0; at < rows * columns; at++) if (bit(packed, at)) image.data.set(MASK_TINT, 4 * at);
  tint.getContext("2d").putImageData(image, 0, 0);
  return { outline, tint, downsample };
}

async function unpackGrid({ count, places }) {
  const bytes = await inflate(places, 4);
  return { count, places: new Int32Array(bytes.buffer) };
}

function drawMask(context, view, { outline, tint, downsample: [down, across] }, how, ratio) {
  context.save();
  context.translate(acrossOf(view, 0), downOf(view, 0));
  context.scale(across / view.step, down / view.step);
  context.imageSmoothingEnabled = false;
  if (how === "tint") context.drawImage(tint, 0, 0);
  else for (const [ink, width] of [[HALO, 4], [MASK_INK, 2]]) {
    context.strokeStyle = ink;
    context.lineWidth = (width * ratio * view.step) / Math.max(down, across);
    context.stroke(outline);
  }
  context.restore();
}

function drawGrid(context, view, { count, places }, ratio) {
  context.beginPath();
  for (let at = 0; at < 3 * count; at += 3) {
    const [row, col, side] = places.subarray(at, at + 3);
    const [left, right] = [acrossOf(view, col), acrossOf(view, col + side)];
    const [top, bottom] = [downOf(view, row), downOf(view, row + side)];
    const isSeen = right > 0 && bottom > 0 && left < view.width && top < view.height;
    if (isSeen) context.rect(left + 0.5, top + 0.5, right - left, bottom - top);
  }
  const isSmall = places[2] / view.step < LEAST_SQUARE * ratio;
  for (const [ink, width] of isSmall ? [] : [[HALO, 3], [GRID_INK, 1]]) {
    context.strokeStyle = ink;
    context.lineWidth = width * ratio;
    context.stroke();
  }
  context.fillStyle = "rgba(0, 0, 0, .2)";
  if (isSmall) context.fill();
}
