// Tables that can be sorted: the headings become buttons. Without JavaScript the page lacks nothing else.
"use strict";
const said = document.createElement("p");
said.className = "hidden";
said.setAttribute("role", "status");
document.body.append(said);
for (const table of document.querySelectorAll("table:not(.matrix)")) {
  const headings = [...table.querySelectorAll("thead th")];
  const bodies = [...table.tBodies];
  if (bodies.every((body) => rowsOf(body).length < 2)) continue;
  headings.forEach((heading, column) => {
    const named = heading.querySelector(".head");
    const name = (named ?? heading).textContent.trim();
    if (!name) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...(named ?? heading).childNodes);
    if (named) {
      button.className = named.className;
      button.setAttribute("aria-describedby", named.getAttribute("aria-describedby"));
      named.replaceWith(button);
    } else {
      heading.append(button);
    }
    heading.addEventListener("click", (event) => {
      if (event.target.closest(".tip")) return;
      const before = heading.getAttribute("aria-sort");
      const ascending = before ? before === "descending" : !mostFirst(heading, bodies, column);
      const order = ascending ? "ascending" : "descending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", order);
      bodies.forEach((body) => sort(body, column, ascending ? 1 : -1));
      said.textContent = `Sorted by ${name}, ${order}.`;
    });
  });
}

// An explanation goes away with Escape, until another is asked for.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.body.classList.add("quiet");
});
for (const kind of ["focusin", "pointerover"]) {
  document.addEventListener(kind, () => document.body.classList.remove("quiet"));
}

// The rows that hold values; a row that names a group stays on top of its body.
function rowsOf(body) {
  return [...body.rows].filter((row) => !row.classList.contains("depth"));
}

// Whether the largest value comes first: the heading says so, or most cells that have a value are percentages.
function mostFirst(heading, bodies, column) {
  if (heading.dataset.first) return heading.dataset.first === "descending";
  const cells = bodies.flatMap(rowsOf).map((row) => row.cells[column]);
  const known = cells.filter((cell) => valueOf(cell) !== null);
  return 2 * known.filter((cell) => /\d\s*%/.test(cell.textContent)).length > known.length;
}

// Where a column holds numbers, what is none has no value; rows without one go last both ways, equal ones keep their order.
function sort(body, column, sign) {
  const rows = rowsOf(body).map((row) => ({ row, value: valueOf(row.cells[column]) }));
  const known = rows.filter(({ value }) => value !== null);
  const numbers = 2 * known.filter(({ value }) => typeof value === "number").length > known.length;
  const missing = ({ value }) => value === null || (numbers && typeof value !== "number");
  rows.sort((a, b) => {
    if (missing(a) || missing(b)) return missing(a) - missing(b);
    return sign * (numbers ? a.value - b.value || 0 : String(a.value).localeCompare(String(b.value)));
  });
  body.append(...rows.map(({ row }) => row));
}

// The first number of a cell, else its text; a cell that begins with a dash, or is not known, has no value.
function valueOf(cell) {
  const text = (cell.dataset.value ?? cell.textContent).trim();
  if (text === "" || /^(–(\s|$)|not known)/i.test(text)) return null;
  const power = (_, raised) => `e${[...raised].map((one) => "-0123456789"["⁻⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(one)]).join("")}`;
  const plain = text.replaceAll(",", "").replace("−", "-").replace("∞", "Infinity").replace(/\s×\s10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)/, power);
  const number = parseFloat(plain.replace(/^([+×]|runs )/, ""));
  return Number.isNaN(number) || cell.tagName === "TH" ? text : number;
}
