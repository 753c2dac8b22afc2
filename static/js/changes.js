// Unsaved edits. A form with data-guard asks before the page is left while it differs from what the server rendered.
// While a change bar is shown: Ctrl-Enter presses its [data-review] button.

const snapshot = (form) => new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string")).toString();

if (typeof document !== "undefined") {
  const first = new WeakMap();
  const learn = () => {
    for (const form of document.querySelectorAll("form[data-guard]")) if (!first.has(form)) first.set(form, snapshot(form));
  };
  const dirty = () => [...document.querySelectorAll("form[data-guard]")].some((form) => !form.hasAttribute("data-sent") && first.has(form) && first.get(form) !== snapshot(form));

  learn();
  document.addEventListener("htmx:after:swap", learn);
  document.addEventListener("submit", (event) => event.target.setAttribute("data-sent", ""));
  addEventListener("beforeunload", (event) => {
    if (dirty()) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key !== "Enter") return;
    const review = document.querySelector(".fh-changebar [data-review]");
    if (review && !event.target.closest("dialog[open]")) {
      event.preventDefault();
      review.click();
    }
  });
}
