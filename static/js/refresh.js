// Parts of a page that fetch themselves again while somebody looks at it:
//   <section id="connections" data-refresh="2000" hx-get="…" hx-trigger="refresh" hx-swap="outerMorph">
// They wait while the page is hidden, while one of their menus is open, and while the page's switch is off.

const LOOK_MS = 250;

/** Whether a part should fetch itself now. */
export function due(part, now, last, page) {
  if (page.hidden || page.paused || part.busy) return false;
  return now - last >= part.every;
}

function wire() {
  const lastAt = new Map();
  const page = { paused: false, get hidden() { return document.hidden; } };

  for (const label of document.querySelectorAll(".fh-refresh")) label.hidden = false;
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-refresh-switch]");
    if (!button) return;
    page.paused = !page.paused;
    button.setAttribute("aria-checked", String(!page.paused));
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-submits]")) event.target.form?.requestSubmit();
  });

  // The search is in the page's own field; what asks about "those that match" says the same.
  document.addEventListener("click", (event) => {
    const dialog = event.target.closest?.("[data-dialog]")?.dataset.dialog;
    for (const mirror of dialog ? document.querySelectorAll(`#${CSS.escape(dialog)} [data-mirror]`) : []) {
      mirror.value = document.getElementById(mirror.dataset.mirror)?.value ?? mirror.value;
    }
  }, true);
  document.addEventListener("submit", (event) => {
    if (event.target.matches?.("form[data-closes]")) event.target.closest("dialog")?.close();
  });

  setInterval(() => {
    const now = performance.now();
    for (const element of document.querySelectorAll("[data-refresh]")) {
      const busy = element.matches(".htmx-request") || element.querySelector("details[open], dialog[open]") !== null;
      const last = lastAt.get(element.id) ?? now;
      if (!lastAt.has(element.id)) lastAt.set(element.id, now);
      if (due({ every: Number(element.dataset.refresh), busy }, now, last, page)) {
        lastAt.set(element.id, now);
        element.dispatchEvent(new Event("refresh"));
      }
    }
  }, LOOK_MS);
}

if (typeof document !== "undefined") wire();
