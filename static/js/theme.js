// Runs before the first paint (a blocking script in <head>), so that no page flashes in the wrong theme.
// The choice (light, dark, auto) is kept in this browser; "auto" follows the system.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  const choice = () => {
    try {
      return localStorage.getItem("freehold.theme") || "auto";
    } catch {
      return "auto";
    }
  };

  const show = () => {
    const chosen = choice();
    const dark = chosen === "dark" || (chosen === "auto" && system.matches);
    root.setAttribute("data-bs-theme", dark ? "dark" : "light");
    for (const button of document.querySelectorAll("[data-theme-set]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeSet === chosen));
    }
  };

  root.setAttribute("data-js", "");
  show();
  system.addEventListener("change", show);
  addEventListener("storage", show);
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-theme-set]");
    if (!button) return;
    try {
      localStorage.setItem("freehold.theme", button.dataset.themeSet);
    } catch {
      // Storage is blocked: the choice cannot outlive this page.
    }
    show();
    button.closest("details")?.removeAttribute("open");
  });
})();
