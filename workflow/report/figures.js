// Figures that leave the page, and what is hidden kept in the link. Without JavaScript the page lacks nothing else.
"use strict";
const WIDTH = 1920, HEIGHT = 1080, MARGIN = 40;
const INK = "#1b1f24", PAPER = "#ffffff";
const STUDY = document.title.replace(/^actbench: /, "").replace(/[^\w+-]+/g, "_");

for (const figure of document.querySelectorAll("figure")) {
  const drawing = figure.querySelector("svg.drawing");
  const name = `${STUDY}-${figure.id.replace(/^figure-/, "")}`;
  const tools = document.createElement("span");
  tools.className = "tools";
  if (drawing) {
    tools.append(button("PNG", `${name}, picture of ${WIDTH} × ${HEIGHT}`, () => picture(drawing, name)));
    tools.append(button("SVG", `${name}, drawing`, () =>
      save(new Blob([standalone(drawing).text], { type: "image/svg+xml" }), `${name}.svg`)));
  }
  const image = figure.querySelector("img");
  if (image) tools.append(button("PNG", `${name}, picture`, () => download(image.src, `${name}.png`)));
  const tables = (figure.dataset.table ?? "").split(" ").filter(Boolean);
  const link = tables.map((table) => document.querySelector(`a[data-table="${table}"]`)).find(Boolean);
  if (link) tools.append(button("CSV", `${name}, data`, () => data(link)));
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
    const marks = (values.length ? values : seen).map((one) => one.parentElement);
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

// A drawing as a file of its own, in light colours, without what is hidden.
function standalone(drawing) {
  const copy = drawing.cloneNode(true);
  const originals = [drawing, ...drawing.querySelectorAll("*")];
  const copies = [copy, ...copy.querySelectorAll("*")];
  originals.forEach((one, i) => {
    if (one.closest("defs") === null && getComputedStyle(one).display === "none") copies[i].remove();
  });
  const [, , width, height] = drawing.getAttribute("viewBox").split(" ").map(Number);
  for (const name of ["role", "aria-label", "class"]) copy.removeAttribute(name);
  copy.style.removeProperty("--width");
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [key, value] of Object.entries({ width, height, fill: PAPER })) ground.setAttribute(key, value);
  copy.prepend(ground);
  const text = new XMLSerializer().serializeToString(copy)
    .replace(/var\(--paper, ?#fff(fff)?\)/g, PAPER).replace(/currentcolor/gi, INK);
  return { text, width, height };
}

// A slide: as large as fits, on white.
async function picture(drawing, name) {
  const { text, width, height } = standalone(drawing);
  const scale = Math.min((WIDTH - 2 * MARGIN) / width, (HEIGHT - 2 * MARGIN) / height);
  const image = new Image();
  const sized = text.replace(/<svg ([^>]*?)width="[^"]*" height="[^"]*"/, `<svg $1width="${width * scale}" height="${height * scale}"`);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(sized)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [WIDTH, HEIGHT];
  const context = canvas.getContext("2d");
  context.fillStyle = PAPER;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  context.drawImage(image, (WIDTH - width * scale) / 2, (HEIGHT - height * scale) / 2, width * scale, height * scale);
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

if (boxes.length) {
  boxes.forEach((box) => box.addEventListener("change", write));
  addEventListener("hashchange", read);
  read();
}
