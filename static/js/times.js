// <time datetime="…Z">: relative and local, with UTC on hover. The server renders UTC, which stays without JavaScript.
// data-time="exact" shows the local date and time instead of the distance.

const STEPS = [
  [60, "second", 1],
  [3600, "minute", 60],
  [86400, "hour", 3600],
  [86400 * 14, "day", 86400],
];

/** "3 minutes ago", "in 4 minutes"; null when so far away that a date says more. */
export function relative(seconds, words = new Intl.RelativeTimeFormat("en", { numeric: "auto" })) {
  const distance = Math.abs(seconds);
  if (distance < 5) return "just now";
  const step = STEPS.find(([limit]) => distance < limit);
  return step ? words.format(Math.trunc(seconds / step[2]), step[1]) : null;
}

export function utc(date) {
  return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

function show(element, now) {
  const date = new Date(element.dateTime);
  if (Number.isNaN(date.getTime())) return;
  element.title = utc(date);
  const local = date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  const text = element.dataset.time === "exact" ? local : relative((date - now) / 1000) ?? local;
  if (element.textContent !== text) element.textContent = text;
}

function showAll() {
  const now = Date.now();
  for (const element of document.querySelectorAll("time[datetime]")) show(element, now);
}

if (typeof document !== "undefined") {
  showAll();
  setInterval(() => document.hidden || showAll(), 10_000);
  document.addEventListener("htmx:after:swap", showAll);
  document.addEventListener("visibilitychange", showAll);
}
