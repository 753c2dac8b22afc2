// Ctrl-K: sections and actions of this page at once, the server's hits (VMs, groups, addresses, operations) as one types.
// The server answers GET /search?q= with <a data-hit="VM" href="…">text</a> elements inside the page or fragment.

/** Words may come in any order; a hit at the start of the text counts more. */
export function rank(text, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const haystack = text.toLowerCase();
  if (!words.every((word) => haystack.includes(word))) return 0;
  return words.length > 0 && haystack.startsWith(words[0]) ? 2 : 1;
}

const WAIT_MS = 120;

function start(dialog) {
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("ul");
  let chosen = 0;
  let found = [];
  let asking = null;
  let timer = null;

  const local = () => {
    const links = [...document.querySelectorAll(".fh-nav a")].map((a) => ({ text: a.textContent.trim(), kind: "Section", href: a.href }));
    const actions = [...document.querySelectorAll("[data-palette]")].map((a) => ({ text: a.dataset.palette || a.textContent.trim(), kind: "Action", run: () => a.click() }));
    const rows = [...document.querySelectorAll("main table[data-table] :is(th[scope=row], .fh-main-cell) a")].map((a) => ({ text: a.textContent.trim(), kind: "On this page", href: a.href }));
    return [...actions, ...rows, ...links];
  };

  const draw = () => {
    const query = input.value.trim();
    const near = local().map((item) => ({ ...item, rank: rank(item.text, query) })).filter((item) => query === "" ? item.kind !== "On this page" : item.rank > 0);
    near.sort((a, b) => b.rank - a.rank);
    const seen = new Set();
    const items = [...found, ...near].filter((item) => !item.href || (!seen.has(item.href) && seen.add(item.href)));
    chosen = Math.min(chosen, Math.max(0, items.length - 1));
    list.replaceChildren(...items.map(row));
    if (items.length === 0) {
      const none = document.createElement("li");
      none.className = "fh-palette-none";
      none.textContent = asking ? "Searching…" : `Nothing matches “${query}”. Try a VM's name, an address or a group.`;
      list.append(none);
    }
    mark();
  };

  const row = (item, index) => {
    const li = document.createElement("li");
    li.id = `palette-${index}`;
    li.setAttribute("role", "option");
    const kind = document.createElement("small");
    kind.textContent = item.kind;
    const text = document.createElement("span");
    text.textContent = item.text;
    li.append(text, kind);
    li.addEventListener("mousemove", () => index !== chosen && ((chosen = index), mark()));
    li.addEventListener("click", () => open(item));
    li.item = item;
    return li;
  };

  const mark = () => {
    const rows = [...list.querySelectorAll("[role=option]")];
    rows.forEach((li, index) => li.setAttribute("aria-selected", String(index === chosen)));
    if (rows[chosen]) {
      input.setAttribute("aria-activedescendant", rows[chosen].id);
      rows[chosen].scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };

  const open = (item) => {
    dialog.close();
    if (item.run) item.run();
    else location.assign(item.href);
  };

  const search = async () => {
    asking?.abort();
    const query = input.value.trim();
    if (query.length < 2) {
      found = [];
      asking = null;
      draw();
      return;
    }
    const mine = (asking = new AbortController());
    try {
      const answer = await fetch(`${dialog.dataset.search}?q=${encodeURIComponent(query)}`, { headers: { "HX-Request": "true", Accept: "text/html" }, signal: mine.signal });
      const page = answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
      found = page ? [...page.querySelectorAll("a[data-hit]")].map((a) => ({ text: a.textContent.trim().replace(/\s+/g, " "), kind: a.dataset.hit, href: a.href })) : [];
    } catch (error) {
      if (error.name === "AbortError") return;
      found = [];
    }
    asking = null;
    draw();
  };

  const show = () => {
    if (dialog.open) return;
    input.value = "";
    found = [];
    chosen = 0;
    dialog.showModal();
    draw();
    input.focus();
  };

  input.addEventListener("input", () => {
    chosen = 0;
    draw();
    clearTimeout(timer);
    timer = setTimeout(search, WAIT_MS);
  });
  dialog.addEventListener("keydown", (event) => {
    const count = list.querySelectorAll("[role=option]").length;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && count > 0) {
      event.preventDefault();
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : -1) + count) % count;
      mark();
    } else if (event.key === "Enter") {
      event.preventDefault();
      const item = list.querySelector('[aria-selected="true"]')?.item;
      if (item) open(item);
    }
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      show();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette-open]") && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      show();
    }
  });
}

if (typeof document !== "undefined") {
  const dialog = document.getElementById("palette");
  if (dialog) start(dialog);
}
