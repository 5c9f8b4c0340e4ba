// Figures that leave the page, and what is hidden kept in the link. Without JavaScript the page lacks nothing else.
"use strict";
const WIDTH = 1920, DRAWING = 1280, LARGEST = 12000; // pixels: of a picture and of a drawing at least, of a picture at most
const TYPE = 24; // pixels of a picture's smallest letters
const FONTS = "DejaVu Sans, Verdana, Arial, sans-serif";
const SVG = "http://www.w3.org/2000/svg";
const STUDY = document.title.replace(/^actbench: /, "").replace(/[^\w+-]+/g, "_");

for (const figure of document.querySelectorAll("figure")) {
  const drawing = figure.querySelector("svg.drawing");
  const name = `${STUDY}-${figure.id.replace(/^figure-/, "")}`;
  const tools = document.createElement("span");
  tools.className = "tools";
  if (drawing) {
    const about = (figure.dataset.about ?? document.title.replace(/^actbench: /, "")).replace(/\s+/g, " ");
    const { scale, size } = measures(drawing);
    tools.append(button(`PNG ${size}`, `${name}, picture`, () => picture(drawing, name, about, scale)));
    tools.append(button("SVG", `${name}, drawing`, () =>
      save(new Blob([standalone(drawing, about).text], { type: "image/svg+xml" }), `${name}.svg`)));
  }
  const image = figure.querySelector("img");
  if (image) tools.append(button("PNG", `${name}, picture`, () => download(image.src, `${name}.png`)));
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
  const footer = Math.max(10, width / 48), full = height + 1.6 * footer;
  const scale = Math.min(wanted, LARGEST / Math.max(width, full));
  return { width, height, full, footer, scale, size: `${Math.round(width * scale)} × ${Math.round(full * scale)}` };
}

// A drawing as a file of its own, in the page's present colours, without what is hidden, and with a line that says what it is.
function standalone(drawing, about, scale = 0) {
  const copy = drawing.cloneNode(true);
  const originals = [drawing, ...drawing.querySelectorAll("*")];
  const copies = [copy, ...copy.querySelectorAll("*")];
  originals.forEach((one, i) => {
    if (one.closest("defs") === null && getComputedStyle(one).display === "none") copies[i].remove();
  });
  const { width, height, full, footer } = measures(drawing);
  const times = scale || Math.max(1, DRAWING / width);
  const page = getComputedStyle(document.documentElement);
  const ink = page.getPropertyValue("--ink").trim(), paper = page.getPropertyValue("--paper").trim();
  for (const name of ["role", "aria-label", "class"]) copy.removeAttribute(name);
  copy.style.removeProperty("--width");
  copy.style.fontFamily = FONTS;
  const outside = { viewBox: `0 0 ${width} ${full}`, width: Math.round(width * times), height: Math.round(full * times) };
  for (const [key, value] of Object.entries(outside)) copy.setAttribute(key, value);
  copy.prepend(element("rect", { width, height: full, fill: paper }));
  const words = `${about} · actbench`;
  const type = Math.min(footer, (width - footer) / (0.62 * words.length)); // so that the line fits
  copy.append(element("text", { x: footer / 2, y: height + footer, fill: ink, "font-size": type }, words));
  const text = new XMLSerializer().serializeToString(copy).replace(/currentcolor/gi, ink)
    .replace(/var\((--[\w-]+), ?(#\w+)\)/g, (_, name, colour) => page.getPropertyValue(name).trim() || colour);
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
  if (place) document.getElementById(decoded(place))?.scrollIntoView();
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
    write();
  }));
  choose("all", () => true);
  choose("none", () => false);
  if (group.dataset.only) choose("only the baseline", (box) => box.id === `show-${group.dataset.only}`);
  group.append(tools);
}

if (boxes.length) {
  boxes.forEach((box) => box.addEventListener("change", write));
  addEventListener("hashchange", read);
  read();
}
