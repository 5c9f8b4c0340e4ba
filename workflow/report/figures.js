// Figures that leave the page, and what is hidden kept in the link. Without JavaScript the page lacks nothing else.
"use strict";
const WIDTH = 1920, DRAWING = 1280, LARGEST = 12000; // pixels: of a picture and of a drawing at least, of a picture at most
const TYPE = 24; // pixels of a picture's smallest letters
const INK = "#1b1f24", PAPER = "#ffffff", BEHIND = "#bcbec1"; // of what leaves the page, which is for paper and slides
const APART = 9.5, LETTER = 5.3; // units of a drawing: between the names of two lines, and a letter of one
const FONTS = "DejaVu Sans, Verdana, Arial, sans-serif";
const SVG = "http://www.w3.org/2000/svg";
const STUDY = document.title.replace(/^actbench: /, "").replace(/[^\w+-]+/g, "_");

for (const figure of document.querySelectorAll("figure")) {
  const drawing = figure.querySelector("svg.drawing");
  const name = `${STUDY}-${figure.id.replace(/^figure-/, "")}`;
  const tools = document.createElement("span");
  tools.className = "tools";
  if (drawing) {
    const about = aboutOf(figure);
    const { scale, size } = measures(drawing);
    tools.append(button(`PNG ${size}`, `${name}, picture`, () => picture(drawing, name, about, scale)));
    tools.append(button("SVG", `${name}, drawing`, () =>
      save(new Blob([standalone(drawing, about).text], { type: "image/svg+xml" }), `${name}.svg`)));
  }
  const image = figure.querySelector("img");
  if (image) tools.append(button("PNG", `${name}, picture`, () => photograph(image, name, aboutOf(figure))));
  const tables = (figure.dataset.table ?? "").split(" ").filter(Boolean);
  const link = tables.map((table) => document.querySelector(`a[data-table="${table}"]`)).find(Boolean);
  if (link) tools.append(button("CSV", `${name}, data`, () => data(link)));
  if (link && figure.dataset.lacks) tools.append(lacks(figure.dataset.lacks));
  const caption = figure.querySelector("figcaption") ?? figure;
  if (tools.children.length) caption.insertBefore(tools, caption.querySelector("details"));
  if (drawing) readable(drawing, drawing.closest(".scroll"), caption);
}

// Sentences to quote are copied without the button's own text.
for (const quote of document.querySelectorAll(".quotes li, .claim blockquote")) {
  const text = quote.textContent.trim(), tools = document.createElement("span");
  tools.className = "tools";
  const made = button("Copy", text, async () => {
    await copy(text, quote);
    made.textContent = "Copied";
    setTimeout(() => { made.textContent = "Copy"; }, 2000);
  });
  tools.append(made);
  quote.append(" ", tools);
}

// A page that was opened as a file may lack the clipboard; then the text is selected, and copied as by hand.
async function copy(text, place) {
  try {
    return await navigator.clipboard.writeText(text);
  } catch {
    getSelection().setBaseAndExtent(place, 0, place.lastChild, 0);
    document.execCommand("copy");
  }
}

// The left and right arrow keys go through what a figure says on hover, and say it below.
function readable(drawing, focused, caption) {
  const line = document.createElement("span");
  line.className = "readout";
  line.setAttribute("role", "status");
  caption.append(line);
  let last = null;
  focused?.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const seen = [...drawing.querySelectorAll("title")].filter((one) => one.parentElement.getClientRects().length);
    const values = seen.filter((one) => one.textContent.includes(": "));
    const said = (values.length ? values : seen).map((one) => one.textContent);
    const marks = (values.length ? values : seen).map((one) => one.parentElement).filter((_, i) => said[i] !== said[i + 1]);
    if (!step || !marks.length) return;
    event.preventDefault();
    const place = marks.indexOf(last);
    last?.classList.remove("read");
    last = marks[place < 0 ? (step > 0 ? 0 : marks.length - 1) : (place + step + marks.length) % marks.length];
    last.classList.add("read");
    last.scrollIntoView({ block: "nearest", inline: "nearest" });
    line.textContent = `${last.querySelector("title").textContent} (${marks.indexOf(last) + 1} of ${marks.length})`;
  });
  focused?.addEventListener("blur", () => last?.classList.remove("read"));
}

// The line below what leaves the page.
function aboutOf(figure) {
  return (figure.dataset.about ?? document.title.replace(/^actbench: /, "")).replace(/\s+/g, " ") + " · actbench";
}

// What a figure's table has not, in words in which a file's name is between backticks.
function lacks(text) {
  const made = document.createElement("span");
  text.split("`").forEach((part, i) => {
    const piece = i % 2 ? document.createElement("code") : document.createElement("span");
    piece.textContent = part;
    made.append(piece);
  });
  return made;
}

function button(text, label, action) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.setAttribute("aria-label", `${text}: ${label}`);
  made.addEventListener("click", action);
  return made;
}

function download(address, name) {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

function save(blob, name) {
  const address = URL.createObjectURL(blob);
  download(address, name);
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

// The table of a figure, as plain text also where it is embedded compressed.
async function data(link) {
  if (!link.download.endsWith(".gz")) return link.click();
  const bytes = Uint8Array.from(atob(link.href.split(",")[1]), (letter) => letter.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  save(await new Response(plain).blob(), link.download.replace(/\.gz$/, ""));
}

// How a drawing becomes a picture whose smallest letters can be read, in units of the drawing and in pixels.
function measures(drawing) {
  const [, , width, height] = drawing.getAttribute("viewBox").split(" ").map(Number);
  const types = [...drawing.querySelectorAll("text, tspan")].map((one) => parseFloat(one.style.fontSize)).filter(Boolean);
  const wanted = Math.max(WIDTH / width, TYPE / Math.min(...types, TYPE));
  const footer = types.sort((a, b) => a - b)[types.length >> 1] ?? 10, full = height + 2 * footer; // as most letters
  const scale = Math.min(wanted, LARGEST / Math.max(width, full));
  return { width, height, full, footer, scale, size: `${Math.round(width * scale)} × ${Math.round(full * scale)}` };
}

// A drawing as a file of its own, in the colours of paper, without what is hidden, and with a line that says what it is.
function standalone(drawing, about, scale = 0) {
  const copy = drawing.cloneNode(true);
  const originals = [drawing, ...drawing.querySelectorAll("*")];
  const copies = [copy, ...copy.querySelectorAll("*")];
  originals.forEach((one, i) => {
    const style = getComputedStyle(one);
    if (one.closest("defs") === null && style.display === "none") copies[i].remove();
    else if (one.style.stroke.includes("--behind")) copies[i].style.strokeWidth = style.strokeWidth;
  });
  const { width, height, full, footer } = measures(drawing);
  const times = scale || Math.max(1, DRAWING / width);
  for (const name of ["role", "aria-label", "class"]) copy.removeAttribute(name);
  copy.style.removeProperty("--width");
  copy.style.fontFamily = FONTS;
  const outside = { viewBox: `0 0 ${width} ${full}`, width: Math.round(width * times), height: Math.round(full * times) };
  for (const [key, value] of Object.entries(outside)) copy.setAttribute(key, value);
  copy.prepend(element("rect", { width, height: full, fill: PAPER }));
  const type = Math.min(footer, (width - footer) / (0.62 * about.length)); // so that the line fits
  copy.append(element("text", { x: footer / 2, y: height + 1.3 * footer, fill: INK, "font-size": type }, about));
  const text = new XMLSerializer().serializeToString(copy).replace(/currentcolor/gi, INK)
    .replace(/var\(--behind, ?(#\w+|var\([^)]+\))\)/g, document.body.classList.contains("few") ? "$1" : BEHIND)
    .replace(/var\(--[\w-]+, ?(#\w+)\)/g, "$1");
  return { text, width: outside.width, height: outside.height };
}

function element(kind, attributes, text = "") {
  const made = document.createElementNS(SVG, kind);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

async function picture(drawing, name, about, scale) {
  const { text, width, height } = standalone(drawing, about, scale);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  canvas.getContext("2d").drawImage(image, 0, 0, width, height);
  canvas.toBlob((blob) => save(blob, `${name}.png`));
}

// An image that is none of lines, with the line below.
function photograph(image, name, about) {
  const type = Math.round(image.naturalWidth / 60), canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight + 2 * type];
  const context = canvas.getContext("2d");
  context.fillStyle = PAPER;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0);
  context.fillStyle = INK;
  context.font = `${type}px ${FONTS}`;
  context.fillText(about, type / 2, image.naturalHeight + 1.3 * type, canvas.width - type);
  canvas.toBlob((blob) => save(blob, `${name}.png`));
}

// What is hidden stands in the link: `#hide=a-relu,d-8`, after a section's name and `&` where there is one.
const boxes = [...document.querySelectorAll(".switches input")];

function hidden() {
  return boxes.filter((box) => !box.checked).map((box) => box.id.replace("show-", ""));
}

function parts() {
  const all = location.hash.slice(1).split("&").filter(Boolean);
  return { place: all.find((part) => !part.startsWith("hide=")) ?? "", hide: all.find((part) => part.startsWith("hide=")) };
}

function write() {
  const { place } = parts();
  const names = hidden();
  const hash = [place, names.length ? `hide=${names.join(",")}` : ""].filter(Boolean).join("&");
  history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
}

function read() {
  const { place, hide } = parts();
  if (hide === undefined) return hidden().length ? write() : undefined;
  const names = new Set(hide.slice("hide=".length).split(","));
  for (const box of boxes) box.checked = !names.has(box.id.replace("show-", ""));
  colour();
  if (place) document.getElementById(decoded(place))?.scrollIntoView();
}

// Where few activations are shown, those whose lines were grey have their colour, and names at the ends of lines.
// All is measured before anything is added, so that the page is laid out once.
function colour() {
  const group = document.querySelector("fieldset[data-few]");
  if (!group) return;
  document.querySelectorAll(".named").forEach((one) => one.remove());
  const few = group.querySelectorAll("input:checked").length <= group.dataset.few;
  document.body.classList.toggle("few", few);
  if (!few) return;
  const all = [...document.querySelectorAll("svg.drawing")].map((drawing) => [drawing, names(drawing)]);
  for (const [drawing, own] of all) drawing.append(...own);
}

// Names stand beside those that are there, without touching one; where a figure has none, in its legend in place of “others”.
function names(drawing) {
  const lines = [...drawing.querySelectorAll('[class*="a-"] > path[style*="--behind"]')];
  const ends = lines.filter((path) => path.getClientRects().length && path.getTotalLength()).map((path) => {
    const { x, y } = path.getPointAtLength(path.getTotalLength());
    const key = [...path.parentElement.classList].find((one) => one.startsWith("a-"));
    return { x, y, key, fill: path.style.stroke, text: document.getElementById(`show-${key}`).parentElement.textContent.trim() };
  });
  const name = ({ key, fill, text }, x, y) =>
    element("text", { x, y, class: `named ${key}`, style: `font-size:8.5px;fill:${fill}` }, text);
  const right = Math.max(...ends.map((end) => end.x));
  const beside = [...drawing.querySelectorAll('[class*="a-"] text')].filter((text) => text.getAttribute("x") > right);
  if (beside.length) {
    const x = Math.min(...beside.map((text) => text.getAttribute("x")));
    const taken = beside.filter((text) => text.getClientRects().length).map((text) => Number(text.getAttribute("y")));
    return ends.filter((one) => one.x > right - 1).sort((one, other) => one.y - other.y).map((end) => {
      const places = [0, 0.5, -0.5, 1, -1, 1.5, -1.5, 2, -2, 3, -3].map((step) => end.y + 3 + step * APART);
      const free = places.find((place) => taken.every((other) => Math.abs(other - place) >= APART)) ?? end.y;
      taken.push(free);
      return name(end, x, free);
    });
  }
  const others = drawing.querySelector(".others text");
  if (!others) return [];
  let x = others.getAttribute("x") - 30;
  return [...new Map(ends.map((one) => [one.key, one])).values()].map((end) => {
    const made = name(end, x, others.getAttribute("y"));
    x += LETTER * end.text.length + APART;
    return made;
  });
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// All, none, and of the activations the baseline alone.
for (const group of document.querySelectorAll(".switches fieldset")) {
  const own = [...group.querySelectorAll("input")];
  const tools = document.createElement("span");
  tools.className = "tools";
  const choose = (text, chosen) => tools.append(button(text, group.querySelector("legend").textContent, () => {
    for (const box of own) box.checked = chosen(box);
    colour();
    write();
  }));
  choose("all", () => true);
  choose("none", () => false);
  if (group.dataset.only) choose("only the baseline", (box) => box.id === `show-${group.dataset.only}`);
  group.append(tools);
}

if (boxes.length) {
  boxes.forEach((box) => box.addEventListener("change", () => { colour(); write(); }));
  addEventListener("hashchange", read);
  read();
}
