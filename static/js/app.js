// What every page shares: CSRF and errors of htmx requests, toasts, menus, dialogs, confirmation, live badges.

const icon = (name) => {
  const sprite = document.querySelector(".fh-icon use")?.getAttribute("href")?.split("#")[0];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "fh-icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
};

const TOAST_MS = 6000;

/** Says something in the corner. Bad news stays until it is closed. */
export function toast(text, tone = "good") {
  const box = document.getElementById("toasts");
  if (!box) return;
  const item = document.createElement("div");
  item.className = "fh-toast";
  item.dataset.tone = tone;
  const line = document.createElement("p");
  line.textContent = text;
  item.append(icon(tone === "bad" ? "alert-circle" : "circle-check"), line);
  box.append(item);
  settleToast(item);
}

function settleToast(item) {
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn btn-icon btn-ghost btn-sm";
  close.setAttribute("aria-label", "Dismiss");
  close.append(icon("x"));
  close.addEventListener("click", () => item.remove());
  item.append(close);
  if (item.dataset.tone !== "bad") setTimeout(() => item.remove(), TOAST_MS);
}

/** The tab that one is on may lie beyond the edge of a phone. */
function showCurrentTabs() {
  for (const tab of document.querySelectorAll(".fh-tabs [aria-current]")) {
    const bar = tab.parentElement;
    bar.scrollLeft = tab.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
  }
}

/** The words of an error page or a problem+json answer, for a toast. */
export function problemText(body, status) {
  const text = (body ?? "").trim();
  if (text.startsWith("{")) {
    try {
      const problem = JSON.parse(text);
      return [problem.title, problem.detail].filter(Boolean).join(": ");
    } catch {
      return fallback(status);
    }
  }
  const title = /data-problem-title[^>]*>([^<]*)</.exec(text)?.[1];
  const words = /data-problem-text[^>]*>([^<]*)</.exec(text)?.[1];
  return title ? decode(`${title}. ${words ?? ""}`.trim()) : fallback(status);
}

const fallback = (status) => `The portal answered with an error (${status}). Nothing was changed; reload and try again.`;

function decode(text) {
  return text.replace(/&#39;/g, "'").replace(/&quot;/g, '"').replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
}

/** A whole page in answer to a request for a fragment is an error page or the sign-in page, never content. */
export const isWholePage = (body) => /^\s*(<!doctype|<html)/i.test(body ?? "");

function wireHtmx() {
  const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content;

  document.addEventListener("htmx:config:request", (event) => {
    const { request } = event.detail.ctx;
    const header = meta("csrf-header");
    if (header && !/^(GET|HEAD)$/i.test(request.method)) request.headers[header] = meta("csrf-token");
  });

  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    const { status, raw } = ctx.response;
    if (status === 401 || (raw.redirected && new URL(raw.url).pathname === "/login")) {
      // The session is over: let the server decide where to sign in and come back to.
      event.preventDefault();
      location.reload();
      return;
    }
    if (ctx.sourceElement.hasAttribute("hx-sse:connect")) return;
    if (status >= 400 && (isWholePage(ctx.text) || ctx.text.trim().startsWith("{") || !ctx.text.trim())) {
      event.preventDefault();
      toast(problemText(ctx.text, status), "bad");
    }
  });

  document.addEventListener("htmx:error", (event) => {
    if (event.detail.ctx) toast("The portal cannot be reached. Your change was not sent; check the connection and try again.", "bad");
  });

  document.addEventListener("htmx:confirm", (event) => {
    const { ctx, issueRequest, dropRequest } = event.detail;
    event.preventDefault();
    ask(ctx.confirm, ctx.sourceElement.dataset.confirmVerb).then((yes) => (yes ? issueRequest() : dropRequest()));
  });

  // A form that the browser sends itself asks, too.
  const confirmed = new WeakSet();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const asking = [event.submitter, form].find((element) => element?.hasAttribute("hx-confirm"));
    if (!asking || confirmed.delete(form) || [event.submitter, form].some((element) => element?.matches("[hx-post], [hx-get]"))) return;
    event.preventDefault();
    ask(asking.getAttribute("hx-confirm"), asking.dataset.confirmVerb).then((yes) => {
      if (!yes) return;
      confirmed.add(form);
      form.requestSubmit(event.submitter);
    });
  });

  const badge = (event, state) => {
    const live = event.target.closest?.("[data-live]");
    if (!live) return;
    live.dataset.live = state;
    const text = live.querySelector(".fh-live-text");
    if (text) text.textContent = state === "on" ? "Live" : "Reconnecting…";
  };
  document.addEventListener("htmx:sse:after:connection", (event) => badge(event, "on"));
  document.addEventListener("htmx:sse:error", (event) => badge(event, "lost"));
  document.addEventListener("htmx:sse:close", (event) => badge(event, "lost"));
}

function ask(text, verb) {
  const dialog = document.getElementById("ask");
  document.getElementById("ask-text").textContent = text;
  dialog.querySelector("[data-ask-yes]").textContent = verb || "Continue";
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

function wireMenus() {
  const closeOthers = (keep) => {
    for (const menu of document.querySelectorAll("details.fh-menu[open]")) {
      if (menu !== keep && !menu.contains(keep)) menu.removeAttribute("open");
    }
  };
  document.addEventListener("click", (event) => {
    closeOthers(event.target.closest("details.fh-menu"));
    if (event.target.closest(".fh-menu-item")) event.target.closest("details.fh-menu")?.removeAttribute("open");
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details.fh-menu[open]");
    if (event.key === "Escape") {
      if (menu) menu.querySelector("summary").focus();
      closeOthers(null);
    } else if (menu && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const items = [...menu.querySelectorAll(".fh-menu-item:not(:disabled)")];
      if (items.length === 0) return;
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const at = items.indexOf(document.activeElement);
      items[(at + step + items.length + (at < 0 && step < 0 ? 1 : 0)) % items.length].focus();
    }
  });
}

function wireDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    const dialog = opener && document.getElementById(opener.dataset.dialog);
    if (dialog instanceof HTMLDialogElement) {
      event.preventDefault();
      dialog.showModal();
    } else if (event.target instanceof HTMLDialogElement && event.target.open) {
      // A click on the backdrop has the dialog itself as its target.
      const box = event.target.getBoundingClientRect();
      const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      if (!inside) event.target.close();
    }
  });

  // A dialog that came with errors, or by its own address, opens by itself.
  const openMarked = (root) => {
    for (const dialog of root.querySelectorAll("dialog[data-open]:not([open])")) dialog.showModal();
  };
  openMarked(document);
  document.addEventListener("htmx:after:swap", () => openMarked(document));

  const matchNames = (root) => {
    for (const form of root.querySelectorAll("form[data-confirm-name]")) checkName(form);
  };
  matchNames(document);
  document.addEventListener("htmx:after:swap", () => matchNames(document));
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-confirm-name]");
    if (form) checkName(form);
  });
}

function checkName(form) {
  const typed = form.querySelector("input[name=confirm]").value.trim();
  form.querySelector("[data-confirm-submit]").disabled = typed !== form.dataset.confirmName;
}

if (typeof document !== "undefined") {
  wireHtmx();
  wireMenus();
  wireDialogs();
  showCurrentTabs();
  for (const item of document.querySelectorAll("#toasts .fh-toast")) settleToast(item);
  // The server says something after an htmx request: HX-Trigger: {"notice":{"text":"…","tone":"good"}}
  document.addEventListener("notice", (event) => toast(event.detail.text ?? event.detail.value, event.detail.tone));
}
