// The logic inside the scripts, without a browser: node --test test/
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { isWholePage, problemText } from "../js/app.js";
import { rank } from "../js/palette.js";
import { due } from "../js/refresh.js";
import { compare, matches } from "../js/tables.js";
import { relative, utc } from "../js/times.js";

const sorted = (cells, direction) => [...cells].sort((a, b) => compare(a, b, direction));

test("addresses and numbers sort by value, empty cells stay last in both directions", () => {
  assert.deepEqual(sorted(["10.0.0.10", "", "10.0.0.9"], 1), ["10.0.0.9", "10.0.0.10", ""]);
  assert.deepEqual(sorted(["10.0.0.10", "", "10.0.0.9"], -1), ["10.0.0.10", "10.0.0.9", ""]);
  assert.deepEqual(sorted(["443", "22", "8080"], 1), ["22", "443", "8080"]);
});

test("a filter wants every word, in any order and case", () => {
  assert.ok(matches("web Running 10.0.0.4", "RUN web"));
  assert.ok(!matches("web Running 10.0.0.4", "web stopped"));
});

test("times: distance near by, a date far away, UTC for the hover", () => {
  assert.equal(relative(-2), "just now");
  assert.equal(relative(-90), "1 minute ago");
  assert.equal(relative(240), "in 4 minutes");
  assert.equal(relative(-86400), "yesterday");
  assert.equal(relative(-86400 * 30), null);
  assert.equal(utc(new Date("2026-03-01T09:05:07.123Z")), "2026-03-01 09:05:07 UTC");
});

test("the palette prefers a text that begins with the query", () => {
  assert.equal(rank("Security groups", "sec"), 2);
  assert.equal(rank("Security groups", "groups sec"), 1);
  assert.equal(rank("Security groups", "vm"), 0);
});

test("an error page or problem+json becomes one sentence", () => {
  const page = '<!DOCTYPE html><main><h1 data-problem-title>Somebody else changed it first</h1><p data-problem-text>Reload &amp; try again.</p></main>';
  assert.ok(isWholePage(page));
  assert.ok(!isWholePage("<tr id=rule-1></tr>"));
  assert.equal(problemText(page, 409), "Somebody else changed it first. Reload & try again.");
  assert.equal(problemText('{"title":"Quota","detail":"10 of 10 VMs are used."}', 422), "Quota: 10 of 10 VMs are used.");
  assert.match(problemText("", 502), /\(502\)/);
  assert.match(problemText("{broken", 500), /\(500\)/);
});

test("a part refreshes itself when it is due, seen, and nobody is in the middle of something", () => {
  const part = { every: 2000, busy: false };
  assert.ok(due(part, 5000, 3000, { hidden: false, paused: false }));
  assert.ok(!due(part, 4000, 3000, { hidden: false, paused: false }));
  assert.ok(!due(part, 5000, 3000, { hidden: true, paused: false }));
  assert.ok(!due(part, 5000, 3000, { hidden: false, paused: true }));
  assert.ok(!due({ ...part, busy: true }, 5000, 3000, { hidden: false, paused: false }));
});

const templates = new URL("../../portal/src/main/resources/templates/", import.meta.url);
const pages = readdirSync(templates, { recursive: true })
  .filter((name) => name.endsWith(".html"))
  .map((name) => ({ name, html: readFileSync(new URL(name, templates), "utf8") }));

test("every icon that a template names is in the sprite", () => {
  const sprite = new Set([...readFileSync(new URL("../vendor/icons/icons.svg", import.meta.url), "utf8").matchAll(/<symbol id="([^"]+)"/g)].map((m) => m[1]));
  const html = pages.map((page) => page.html).join("\n");
  const used = [/fh:icon="([a-z0-9-]+)"/g, /icon\('([^']+)'\)/g, /:: item\([^)]*'([a-z0-9-]+)'\)/g, /:: empty\('([^']+)'/g].flatMap((form) => [...html.matchAll(form)].map((m) => m[1]));
  const chips = [...readFileSync(new URL("../../portal/src/main/java/cloud/freehold/portal/shell/ChipProcessor.java", import.meta.url), "utf8").matchAll(/Map.entry\("[a-z]+", "([a-z0-9-]+)"\)/g)].map((m) => m[1]);
  assert.ok(used.length > 20 && chips.length > 20);
  assert.deepEqual([...used, ...chips].filter((name) => !sprite.has(name)), []);
});

test("stylesheets and templates keep to the content security policy", () => {
  assert.doesNotMatch(readFileSync(new URL("../css/freehold.css", import.meta.url), "utf8"), /https?:\/\//);
  for (const { name, html } of pages) {
    assert.doesNotMatch(html, /\s(th:)?(style|on[a-z]+|hx-on[^=\s]*)="/, `${name}: inline style or handler`);
    assert.doesNotMatch(html, /<script(?![^>]*src)/, `${name}: inline script`);
    assert.doesNotMatch(html, /hx-[a-z-]+="js:/, `${name}: evaluated value`);
  }
});

test("every page begins with a doctype, or it would render in quirks mode", () => {
  for (const { name, html } of pages) if (/<html[^>]*th:replace/.test(html)) assert.match(html, /^<!doctype html>/i, name);
});
