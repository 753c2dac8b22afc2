// A click on [data-copy] copies its value and says so, also to a screen reader (the label changes).

const SAID_MS = 1500;

async function copy(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  // Plain http on a lab address has no clipboard API.
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "fh-sr";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await copy(button.dataset.copy);
  const label = button.getAttribute("aria-label");
  button.setAttribute("data-copied", "");
  button.setAttribute("aria-label", `Copied ${button.dataset.copy}`);
  button.focus();
  setTimeout(() => {
    button.removeAttribute("data-copied");
    if (label) button.setAttribute("aria-label", label);
  }, SAID_MS);
});
