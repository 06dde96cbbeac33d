// Tables of numbers sort by a click on a column's head: smallest first, largest first, as printed.
"use strict";

(() => {
  const NUMBER = /^[≈~<>≤≥+]?\s*([-−]?[\d,]*\.?\d+(?:e[-+]?\d+)?)(?![\w(])/i;
  const EMPTY = new Set(["", "–", "-", "—", "nan", "none"]);
  const ORDERS = [null, "ascending", "descending"];

  const number = (value) => {
    const match = NUMBER.exec(value);
    return match ? Number(match[1].replaceAll(",", "").replace("−", "-")) : NaN;
  };

  // Numbers by the one that a cell begins with, then words; empty cells stay last in either order.
  const sorted = (rows, column, sign) => {
    const keyed = rows.map((row) => {
      const value = row.cells[column].textContent.trim();
      const place = EMPTY.has(value.toLowerCase()) ? 2 : Number(Number.isNaN(number(value)));
      return { row, value, place };
    });
    const compare = (a, b) => (a.place ? a.value.localeCompare(b.value, "en") : number(a.value) - number(b.value));
    keyed.sort((a, b) => a.place - b.place || (a.place < 2 ? sign * compare(a, b) : 0));
    return keyed.map(({ row }) => row);
  };

  // The rows with every cell that spans several of them written into each.
  const apart = (rows) => {
    const open = [];
    return rows.map((row) => {
      const copy = row.cloneNode(false);
      const cells = [...row.cells];
      for (let column = 0; cells.length || open[column]?.left; column += 1) {
        if (!open[column]?.left) {
          const cell = cells.shift();
          open[column] = { cell, left: cell.rowSpan };
        }
        open[column].left -= 1;
        const cell = open[column].cell.cloneNode(true);
        cell.removeAttribute("rowspan");
        copy.append(cell);
      }
      return copy;
    });
  };

  // Column -> the lowest cell of the head that stands over it alone and says something.
  const heads = (table) => {
    const found = new Map();
    for (const row of table.tHead?.rows ?? []) {
      let column = 0;
      for (const cell of row.cells) {
        if (cell.colSpan === 1 && cell.textContent.trim()) found.set(column, cell);
        column += cell.colSpan;
      }
    }
    return found;
  };

  const enable = (table) => {
    const body = table.tBodies[0];
    if (!body || body.rows.length < 2 || table.tBodies.length > 1 || body.querySelector("[colspan]")) return;
    const printed = [...body.rows];
    const rows = apart(printed);
    const cells = heads(table);

    const sort = (column, order) => {
      for (const cell of cells.values()) cell.removeAttribute("aria-sort");
      if (order) cells.get(column).setAttribute("aria-sort", order);
      body.replaceChildren(...(order ? sorted(rows, column, order === "ascending" ? 1 : -1) : printed));
    };
    for (const [column, cell] of cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort-button";
      button.title = "Sort by this column";
      button.append(...cell.childNodes);
      button.addEventListener("click", () => {
        const now = ORDERS.indexOf(cell.getAttribute("aria-sort"));
        sort(column, ORDERS[(now + 1) % ORDERS.length]);
      });
      cell.append(button);
    }
  };

  new Set(document.querySelectorAll("table.dataframe, .sortable table, table.sortable")).forEach(enable);
})();
