// A table that is wider than the page scrolls in a region of its own, which the keyboard reaches and which says its name.
"use strict";

const names = new Map();

for (const table of document.querySelectorAll(".bd-article table")) {
  const region = document.createElement("div");
  region.className = "table-scroll";
  table.replaceWith(region);
  region.append(table);
  const last = [...table.rows].at(-1)?.cells[0];
  if (last) table.style.setProperty("--names", `${last.offsetWidth}px`);
  for (const row of table.rows) breakable(row.cells[0]);
  const heading = table.closest("section")?.querySelector("h1, h2, h3, h4")?.firstChild;
  const said = `Table: ${(table.caption ?? heading)?.textContent.trim() ?? document.title}`;
  names.set(said, (names.get(said) ?? 0) + 1);
  const name = names.get(said) > 1 ? `${said}, number ${names.get(said)}` : said;
  const attributes = { tabindex: 0, role: "region", "aria-label": name };
  const watch = new ResizeObserver(() => {
    const scrolls = region.scrollWidth > region.clientWidth;
    for (const [key, value] of Object.entries(attributes)) {
      if (scrolls) region.setAttribute(key, value);
      else region.removeAttribute(key);
    }
  });
  watch.observe(region);
  watch.observe(table);
}

// A variant's name may go on in a new line after its arrow and before its second guide.
function breakable(cell) {
  const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) if (texts.currentNode.data.includes("→")) found.push(texts.currentNode);
  for (const text of found) {
    const pieces = text.data.split(/(?<=→)|(?=\()/);
    text.replaceWith(...pieces.flatMap((piece, place) => (place ? [document.createElement("wbr"), piece] : [piece])));
  }
}
