// Tables that can be sorted: the headings become buttons. Without JavaScript the page lacks nothing else.
"use strict";
for (const table of document.querySelectorAll("table")) {
  const headings = [...table.querySelectorAll("thead th")];
  const bodies = [...table.tBodies];
  if (bodies.every((body) => rowsOf(body).length < 2)) continue;
  headings.forEach((heading, column) => {
    if (!heading.textContent.trim()) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      bodies.forEach((body) => sort(body, column, down ? -1 : 1));
    });
  });
}

// The rows that hold values; a row that names a group stays on top of its body.
function rowsOf(body) {
  return [...body.rows].filter((row) => !row.classList.contains("depth"));
}

function sort(body, column, sign) {
  const rows = rowsOf(body).map((row) => ({ row, value: valueOf(row.cells[column]) }));
  rows.sort((a, b) => {
    if (a.value === null || b.value === null) return (a.value === null) - (b.value === null);
    if (a.value === b.value) return 0;
    const numbers = typeof a.value === "number" && typeof b.value === "number";
    return sign * (numbers ? a.value - b.value : String(a.value).localeCompare(String(b.value)));
  });
  body.append(...rows.map(({ row }) => row));
}

// The first number of a cell, else its text; a cell that begins with a dash has no value and goes last.
function valueOf(cell) {
  const text = (cell.dataset.value ?? cell.textContent).trim();
  if (text === "" || /^–(\s|$)/.test(text)) return null;
  const plain = text.replaceAll(",", "").replace("−", "-").replace("∞", "Infinity");
  const number = parseFloat(plain.replace(/^([+×]|runs )/, ""));
  return Number.isNaN(number) || cell.tagName === "TH" ? text : number;
}
