// The viewer, part 1 of 4: from stored values to greys, counts and lengths, as Python computes them.

const TYPES = { u1: Uint8Array, i1: Int8Array, u2: Uint16Array, i2: Int16Array, u4: Uint32Array, i4: Int32Array,
  f4: Float32Array, f8: Float64Array };
const BINS = 128, WIDEST_TABLE = 2 ** 17, MICROSCOPE_MM = 0.02;

const clip = (value, low, high) => Math.min(Math.max(value, low), high);
const figures = (value) => (Number.isInteger(value) ? String(value) : String(+value.toPrecision(5)));

async function inflate(text, size) {  // base64 of deflated bytes, all first bytes of the numbers before all second ones
  const packed = new Blob([Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))]);
  const stream = packed.stream().pipeThrough(new DecompressionStream("deflate"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  const bytes = new Uint8Array(planes.length);
  for (let plane = 0, from = 0; plane < size; plane++)
    for (let at = plane; at < bytes.length; at += size) bytes[at] = planes[from++];
  return bytes;
}

async function unpack(facts, data) {
  const picture = { ...facts };
  for (const [name, packed] of Object.entries(data)) {
    const Type = name === "pixels" ? TYPES[facts.type] : name === "table" ? Float64Array : Uint8Array;
    const bytes = typeof packed === "string" ? await inflate(packed, Type.BYTES_PER_ELEMENT)
      : new Uint8Array(packed.buffer, packed.byteOffset, packed.byteLength);
    picture[name] = new Type(bytes.byteOffset % Type.BYTES_PER_ELEMENT ? bytes.slice().buffer : bytes.buffer,
      bytes.byteOffset % Type.BYTES_PER_ELEMENT ? 0 : bytes.byteOffset, bytes.byteLength / Type.BYTES_PER_ELEMENT);
  }
  for (const entry of picture.menu ?? []) entry.greys = picture[entry.lut];
  picture.narrow = facts.grey && facts.type[0] !== "f" && facts.high - facts.low < WIDEST_TABLE;
  return picture;
}

function modality(picture, value) {
  if (picture.rescale) return value * picture.rescale[0] + picture.rescale[1];
  return picture.table ? picture.table[value - picture.low] : value;
}

const bit = (mask, at) => (mask[at >> 3] >> (7 - (at & 7))) & 1;

/** The grey from 0 to 255 of a modality value, as eda_utils.to_display computes it (PS3.3 C.11.2.1.2). */
export function greyOf(window, inverted) {
  const { kind, greys, first } = window;
  const center = kind === "LINEAR" ? window.center - 0.5 : window.center;
  const width = kind === "LINEAR" ? window.width - 1 : window.width;
  const share = kind === "SIGMOID" ? (value) => 1 / (1 + Math.exp(clip((-4 * (value - center)) / width, -80, 80)))
    : width === 0 ? (value) => (value > center ? 1 : 0)
      : (value) => clip((value - center) / width + 0.5, 0, 1);
  const grey = greys ? (value) => greys[Math.trunc(clip(value - first, 0, greys.length - 1))]
    : (value) => Math.floor(share(value) * 255 + 0.5);
  const finite = (value) => (Number.isNaN(value) ? 0 : clip(value, -Number.MAX_VALUE, Number.MAX_VALUE));
  return inverted ? (value) => 255 - grey(finite(value)) : (value) => grey(finite(value));
}

function limits({ kind, center, width, greys, first }) {
  if (greys) return [first, first + greys.length - 1];
  const [middle, half] = kind === "LINEAR" ? [center - 0.5, (width - 1) / 2] : [center, width / 2];
  return [middle - half, middle + half];
}

function histogram(picture) {
  const channels = picture.grey ? 1 : 3, [low, high] = picture.range ?? [0, 255];
  const bins = Array.from({ length: channels }, () => new Uint32Array(BINS)), scale = BINS / (high - low || 1);
  const place = (value) => clip(Math.floor((modality(picture, value) - low) * scale), 0, BINS - 1);
  const { pixels, padding, narrow, low: first } = picture;
  const table = narrow && new Uint8Array(picture.high - first + 1).map((_, at) => place(at + first));
  for (let at = 0; at < pixels.length; at++) {
    if (padding && bit(padding, at)) continue;
    const bin = table ? table[pixels[at] - first] : place(pixels[at]);
    if (bin === bin) bins[at % channels][bin]++;
  }
  return bins;
}

/** Rows and columns count from 0, in pixels of the file; a length is that between the centres of two pixels. */
export function measureLength({ mm, factor, spacing_source }, [r0, c0], [r1, c1]) {
  const [rows, columns] = [(r1 - r0) * factor, (c1 - c0) * factor];
  const [scale, unit] = !mm ? [1, "px"] : Math.max(...mm) < MICROSCOPE_MM ? [1000, "µm"] : [1, "mm"];
  const length = scale * (mm ? Math.hypot(rows * mm[0], columns * mm[1]) : Math.hypot(rows, columns));
  return { from: [r0 * factor, c0 * factor], to: [r1 * factor, c1 * factor], length, unit, spacing_source };
}

/** Of the pixels from one corner to the other, both included; padding and what is not finite are left out. */
export function measureArea(picture, [r0, c0], [r1, c1]) {
  const [top, bottom] = [Math.min(r0, r1), Math.max(r0, r1)], [left, right] = [Math.min(c0, c1), Math.max(c0, c1)];
  const { factor, unit, padding, columns, pixels } = picture, channels = picture.grey ? 1 : 3;
  const visit = (channel, use) => {
    for (let row = top; row <= bottom; row++) for (let at = row * columns + left; at <= row * columns + right; at++) {
      const value = modality(picture, pixels[at * channels + channel]);
      if (Number.isFinite(value) && !(padding && bit(padding, at))) use(value);
    }
  };
  const facts = Array.from({ length: channels }, (_, channel) => {
    let n = 0, sum = 0, squares = 0, min = Infinity, max = -Infinity;
    visit(channel, (value) => { n++; sum += value; min = Math.min(min, value); max = Math.max(max, value); });
    visit(channel, (value) => { squares += (value - sum / n) ** 2; });
    return { n, mean: sum / n, sd: Math.sqrt(squares / n), min, max };
  });
  const of = (name) => (!facts[0].n ? null : picture.grey ? facts[0][name] : facts.map((each) => each[name]));
  return { row: top * factor, column: left * factor, rows: (bottom - top + 1) * factor,
    columns: (right - left + 1) * factor, n: facts[0].n, mean: of("mean"), sd: of("sd"), min: of("min"), max: of("max"),
    unit };
}
