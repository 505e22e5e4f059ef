"use strict";
// Pages read well without this. It adds a filter to the list of councils, lets tables be sorted, opens tables for print.

function addFilter(place) {
  const cards = [...document.querySelectorAll(".grid > li")];
  const names = cards.map((card) => card.firstElementChild.textContent.toLowerCase());
  const box = document.createElement("div");
  box.className = "filter";
  box.innerHTML = '<label for="find">Find a council</label><input id="find" type="search" autocomplete="off">';
  const told = document.createElement("p");
  told.setAttribute("role", "status");
  box.append(told);
  place.append(box);
  box.querySelector("input").addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    let found = 0;
    cards.forEach((card, index) => {
      card.hidden = !names[index].includes(wanted);
      found += card.hidden ? 0 : 1;
    });
    for (const grid of document.querySelectorAll(".grid")) {
      const empty = !grid.querySelector(":scope > li:not([hidden])");
      grid.hidden = empty;
      if (grid.previousElementSibling.tagName === "H3") grid.previousElementSibling.hidden = empty;
    }
    told.textContent = wanted ? found + (found === 1 ? " council" : " councils") : "";
  });
}

function order(row, column) {
  const cell = row.cells[column];
  if ("order" in cell.dataset) return cell.dataset.order;
  // Of hundreds of rows the page holds each figure once: it comes first in its cell, a state is an element.
  const first = cell.firstChild;
  return first && first.nodeType === Node.TEXT_NODE ? first.data.replace(/[^\d.-]/g, "") : "";
}

function compare(one, other) {
  // What has no figure comes last, whichever way the table is sorted.
  if (!one || !other) return 0;
  const difference = Number(one) - Number(other);
  return Number.isNaN(difference) ? one.localeCompare(other, "en-GB") : difference;
}

function makeSortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  // A table begins in the order of names, which says more than their letters: "City of" sorts no council to C.
  if (heads[0].hasAttribute("aria-sort")) {
    [...table.tBodies[0].rows].forEach((row, index) => { row.cells[0].dataset.order = index; });
  }
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    // On comparison pages more than the name stands in a heading.
    const name = head.querySelector("[data-sorts]") ?? head;
    button.append(...name.childNodes);
    name.append(button);
    button.addEventListener("click", () => {
      const falling = head.getAttribute("aria-sort") === "ascending" ||
        (!head.hasAttribute("aria-sort") && head.classList.contains("n"));
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows];
      rows.sort((one, other) => {
        const [a, b] = [order(one, column), order(other, column)];
        if (!a !== !b) return a ? -1 : 1;
        return falling ? compare(b, a) : compare(a, b);
      });
      table.tBodies[0].append(...rows);
    });
  });
}

const place = document.getElementById("filter");
if (place) addFilter(place);
document.querySelectorAll("table[data-sortable]").forEach(makeSortable);

const opened = [];
addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("details:not([open])")) {
    each.open = true;
    opened.push(each);
  }
});
addEventListener("afterprint", () => {
  while (opened.length) opened.pop().open = false;
});
