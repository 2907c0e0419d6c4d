// What makes a page a place to explore: tables that sort and filter, a gallery that filters and opens the viewer.
// Without script everything is there all the same; text from files reaches the page only as text nodes.

const LONG_TABLE = 12;  // rows from which a filter is worth its place
const order = new Intl.Collator("en", { numeric: true });
const numeral = (text) => Number(text.replaceAll(",", "").match(/^-?[\d.]+(e-?\d+)?/i)?.[0] ?? NaN);

function compareCells(a, b) {
  const [x, y] = [numeral(a), numeral(b)];
  return Number.isNaN(x - y) ? order.compare(a, b) : x - y;
}

function sortRows(table, column, heads) {
  const isUp = heads[column].getAttribute("aria-sort") !== "ascending";
  for (const head of heads) head.removeAttribute("aria-sort");
  heads[column].setAttribute("aria-sort", isUp ? "ascending" : "descending");
  const [body] = table.tBodies, text = (row) => row.cells[column]?.textContent.trim() ?? "";
  const rows = [...body.rows].sort((a, b) => {
    const [x, y] = [text(a), text(b)];
    return x === "" || y === "" ? (x === "") - (y === "") : (isUp ? 1 : -1) * compareCells(x, y);  // empty ones last
  });
  body.append(...rows);
}

function addFilter(table) {
  const rows = [...table.tBodies[0].rows], status = node("span", { role: "status" });
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const say = (count) => { status.textContent = `${count.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows`; };
  const input = (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/);
    const shown = texts.map((text) => words.every((word) => text.includes(word)));
    for (const [at, row] of rows.entries()) row.hidden = !shown[at];
    say(shown.filter(Boolean).length);
  };
  say(rows.length);
  const field = node("input", { type: "search", placeholder: "filter", "aria-label": "Filter the rows of the table below", input });
  table.before(node("div", { class: "filter" }, field, status));
}

function livenTable(table) {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
  const isPlain = table.tHead?.rows.length === 1 && table.tBodies.length === 1 && !table.querySelector("[rowspan], [colspan]");
  if (!isPlain || table.tBodies[0].rows.length < 2) return;
  for (const [column, head] of heads.entries()) {
    if (!head.textContent.trim()) continue;
    head.replaceChildren(node("button", { type: "button", class: "sort", title: "Sort by this column",
      click: () => sortRows(table, column, heads) }, ...head.childNodes));
  }
  if (table.tBodies[0].rows.length > LONG_TABLE) addFilter(table);
}

function choices(cards, name) {  // the values of data-NAME, which may be several, with how many cards have each
  const counts = new Map();
  for (const card of cards)
    for (const value of (card.dataset[name] ?? "").split("|").filter(Boolean)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => order.compare(a, b));
}

function livenGallery(gallery) {
  const cards = [...gallery.querySelectorAll(".eda-card")], status = node("span", { role: "status" });
  const selects = Object.entries(JSON.parse(gallery.dataset.filters)).map(([name, label]) => {
    const options = choices(cards, name).map(([value, count]) => node("option", { value }, `${value} (${count})`));
    return node("select", { name, "aria-label": label, change: () => sift() }, node("option", { value: "" }, `${label}: all`), ...options);
  });
  const sift = () => {
    for (const card of cards)
      card.hidden = !selects.every(({ name, value }) => !value || (card.dataset[name] ?? "").split("|").includes(value));
    const count = cards.filter((card) => !card.hidden).length;
    status.textContent = `${count} of ${cards.length} images`;
  };
  sift();
  gallery.prepend(node("div", { class: "filter" }, ...selects.filter((select) => select.options.length > 2), status));
  for (const card of cards) livenCard(card);
}

function livenCard(card) {
  const block = card.querySelector(".eda-block"), still = block?.querySelector("img");
  if (!still || !fromPage(block, false).isLive) return;
  const name = card.querySelector(".eda-name").textContent;
  const open = node("button", { type: "button", class: "open", title: "Open in the viewer", "aria-label": `Open ${name} in the viewer`,
    click: () => openCard(card, block, name) });
  still.replaceWith(open);
  open.append(still);
}

function openCard(card, block, name) {  // picture, findings and header together; what was lent goes back
  const dialog = node("dialog", { class: "eda-dialog", "aria-label": name }), stage = node("div");
  const close = node("button", { type: "button", click: () => dialog.close() }, "Close");
  const lent = [...card.querySelectorAll(":scope > details")];
  dialog.append(node("p", {}, node("strong", {}, name), close), stage, ...lent);
  document.body.append(dialog);
  const unmount = mount(stage, fromPage(block, false));
  dialog.addEventListener("close", () => { unmount(); card.append(...lent); dialog.remove(); });
  dialog.showModal();
}

function openTarget() {  // a link may lead to something inside of folded details
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  if (target) target.scrollIntoView();
}

function liven() {
  for (const table of document.querySelectorAll("main table")) livenTable(table);
  for (const gallery of document.querySelectorAll(".eda-gallery")) livenGallery(gallery);
  addEventListener("hashchange", openTarget);
  if (location.hash) openTarget();
}

liven();
