// Builds an SVG sprite: one <symbol> per line of the list. usage: sprite.mjs LIST ICONS_DIR OUT
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const [list, dir, out] = process.argv.slice(2);
const names = readFileSync(list, "utf8").split("\n").map((s) => s.trim()).filter((s) => s && !s.startsWith("#"));

const symbols = names.map((line) => {
  const [name, kind = "outline"] = line.split(/\s+/);
  const file = `${dir}/${kind}/${name}.svg`;
  if (!existsSync(file)) throw new Error(`${list}: there is no icon ${kind}/${name}`);
  const body = readFileSync(file, "utf8").replace(/<!--[\s\S]*?-->/g, "").match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1];
  const shapes = body.replace(/\s*\n\s*/g, "").replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none" ?\/>/, "");
  const paint = kind === "filled"
    ? 'fill="currentColor"'
    : 'fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"';
  return `<symbol id="${kind === "filled" ? `${name}-filled` : name}" viewBox="0 0 24 24" ${paint}>${shapes}</symbol>`;
});
writeFileSync(out, `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
console.log(`${names.length} icons`);
