// Working tables: <table class="fh-table" data-table="vms">. Sort by column, filter, move with j and k, open with Enter,
// edit with e, "/" to the filter. Sort and filter live in the address, so a link or Back shows the same view.

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Orders two cells: numbers as numbers, "10.0.0.9" before "10.0.0.10", empty ones last in both directions. */
export function compare(a, b, direction = 1) {
  if (a === b) return 0;
  if (a === "") return 1;
  if (b === "") return -1;
  return collator.compare(a, b) * direction;
}

/** Every word of the query has to occur somewhere in the row. */
export function matches(text, query) {
  const haystack = text.toLowerCase();
  return query.toLowerCase().split(/\s+/).every((word) => haystack.includes(word));
}

const rowsOf = (table) => [...table.tBodies].flatMap((body) => [...body.rows]).filter((row) => !row.matches(".fh-none, .fh-default, .fh-edit"));
const visible = (table) => rowsOf(table).filter((row) => !row.hidden);
const keyOf = (cell) => (cell?.dataset.sort ?? cell?.textContent ?? "").trim();
const filterOf = (table) => document.querySelector(`[data-filter="${CSS.escape(table.dataset.table)}"]`);

function remember(table, name, value) {
  const url = new URL(location.href);
  const key = table.dataset.table === "main" ? name : `${table.dataset.table}.${name}`;
  if (value) url.searchParams.set(key, value);
  else url.searchParams.delete(key);
  history.replaceState(history.state, "", url);
}

function recall(table, name) {
  const key = table.dataset.table === "main" ? name : `${table.dataset.table}.${name}`;
  return new URL(location.href).searchParams.get(key);
}

function sortBy(table, header, direction) {
  const column = header.cellIndex;
  for (const other of table.tHead.rows[0].cells) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
  header.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
  for (const body of table.tBodies) {
    const rows = [...body.rows];
    const fixed = rows.filter((row) => row.matches(".fh-none, .fh-default"));
    const free = rows.filter((row) => !fixed.includes(row));
    free.sort((x, y) => compare(keyOf(x.cells[column]), keyOf(y.cells[column]), direction));
    body.append(...free, ...fixed);
  }
}

function filter(table, query) {
  let shown = 0;
  const rows = rowsOf(table);
  for (const row of rows) {
    row.hidden = query !== "" && !matches(row.textContent, query);
    if (!row.hidden) shown += 1;
  }
  const none = table.querySelector("[data-no-match]");
  if (none) none.hidden = shown > 0 || query === "";
  const count = document.querySelector(`[data-count="${CSS.escape(table.dataset.table)}"]`);
  if (count) count.textContent = query === "" ? "" : `${shown} of ${rows.length}`;
}

function wire(table) {
  if (table.hasAttribute("data-wired")) return;
  table.setAttribute("data-wired", "");
  for (const header of table.tHead?.rows[0]?.cells ?? []) {
    if (!header.hasAttribute("data-sortable")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    header.setAttribute("aria-sort", header.getAttribute("aria-sort") ?? "none");
    button.addEventListener("click", () => {
      const direction = header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      sortBy(table, header, direction);
      remember(table, "sort", `${header.dataset.sortable}${direction < 0 ? "-" : ""}`);
    });
  }
  const sort = recall(table, "sort");
  const header = sort && table.querySelector(`th[data-sortable="${CSS.escape(sort.replace(/-$/, ""))}"]`);
  if (header) sortBy(table, header, sort.endsWith("-") ? -1 : 1);

  const input = filterOf(table);
  if (input && !input.form?.hasAttribute("data-server")) {
    input.value ||= recall(table, "q") ?? "";
    const run = () => filter(table, input.value.trim());
    input.addEventListener("input", () => {
      run();
      remember(table, "q", input.value.trim());
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") input.blur();
      if (event.key === "Enter" || event.key === "ArrowDown") {
        event.preventDefault();
        step(table, 1);
      }
    });
    run();
  }
}

/** As a card a row leaves out what it has nothing to say about; markup often leaves white space in such a cell. */
function markBlanks(table) {
  for (const cell of table.querySelectorAll(":scope > tbody > tr > td:not(.fh-actions)")) {
    cell.classList.toggle("fh-blank", cell.textContent.trim() === "" && !cell.querySelector("input, button, img, svg, progress"));
  }
}

function step(table, by) {
  const rows = visible(table);
  if (rows.length === 0) return;
  const at = rows.indexOf(document.activeElement?.closest?.("tr"));
  const row = rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by))];
  stand(row);
  row.scrollIntoView({ block: "nearest" });
}

function stand(row) {
  row.tabIndex = -1;
  row.focus({ preventScroll: true });
}

/** A live part that comes anew takes the row away that somebody stands on: they stand on its successor. */
function keepStanding() {
  let stoodOn = null;
  document.addEventListener("focusin", (event) => {
    stoodOn = event.target.matches?.("table[data-table] tr[id]") ? event.target.id : null;
  });
  document.addEventListener("pointerdown", () => {
    stoodOn = null;
  });
  document.addEventListener("htmx:after:swap", () => {
    const row = stoodOn && document.getElementById(stoodOn);
    if (row && [row, document.body, null].includes(document.activeElement)) stand(row);
  });
}

// Ticked rows: the head's box ticks all that are shown, and what can be done with them says how many they are.
const boxesOf = (table) => [...table.querySelectorAll(":scope > tbody input[data-select]")].filter((box) => !box.closest("tr").hidden);

function countTicked(table) {
  const boxes = boxesOf(table);
  const ticked = boxes.filter((box) => box.checked).length;
  const all = table.querySelector(":scope > thead input[data-select-all]");
  if (all) {
    all.checked = ticked > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  }
  const text = document.querySelector(`[data-selected="${CSS.escape(table.dataset.table)}"]`);
  if (text) {
    text.dataset.none ??= text.textContent;
    text.textContent = ticked === 0 ? text.dataset.none : `${ticked} ticked`;
  }
}

function onTick(event) {
  const table = event.target.closest?.("table[data-table]");
  if (!table || !event.target.matches("[data-select], [data-select-all]")) return;
  if (event.target.matches("[data-select-all]")) for (const box of boxesOf(table)) box.checked = event.target.checked;
  countTicked(table);
}

const typing = (element) => element.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable], dialog[open]");

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const table = event.target.closest?.("table[data-table]") ?? document.querySelector("table[data-table]");
  if (!table) return;
  const row = event.target.closest?.("tr");
  const act = (selector) => {
    const target = row && table.contains(row) && row.querySelector(selector);
    if (target) {
      event.preventDefault();
      target.click();
    }
  };
  if (event.key === "j" || event.key === "k") {
    event.preventDefault();
    step(table, event.key === "j" ? 1 : -1);
  } else if (event.key === "/") {
    // Tables that the server filters together share one box.
    const input = filterOf(table) ?? document.querySelector("[data-filter]");
    if (input) {
      event.preventDefault();
      input.focus();
      input.select();
    }
  } else if (event.key === "e") act("[data-edit]");
  else if (event.key === "x") act("input[type=checkbox][data-select]");
  else if (event.key === "Enter" && event.target === row) act("[data-open-row], th[scope=row] a, .fh-main-cell a");
}

if (typeof document !== "undefined") {
  const wireAll = () => {
    document.querySelectorAll("table[data-table]").forEach(wire);
    document.querySelectorAll("table.fh-table").forEach(markBlanks);
  };
  wireAll();
  document.addEventListener("htmx:after:swap", () => {
    wireAll();
    for (const table of document.querySelectorAll("table[data-table]")) {
      const input = filterOf(table);
      if (input?.value && !input.form?.hasAttribute("data-server")) filter(table, input.value.trim());
    }
  });
  keepStanding();
  document.addEventListener("keydown", onKey);
  document.addEventListener("change", onTick);
}
