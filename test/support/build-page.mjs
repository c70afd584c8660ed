/**
 * Builds the page of HTML reports into dist/page/page.html: one script and one style inside a template. What is left open
 * for each report is its title, its plain text and its data. The page loads nothing, and its policy allows no source.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** In this order: later rules win. */
const STYLE = ["frame.css", "pictures.css", "views.css"];

export async function buildPage(root) {
  // Loaded here: it may just have been installed.
  const { build } = await import("rolldown");
  const page = join(root, "src", "report", "html", "page");
  const { output } = await build({
    input: join(page, "main.ts"),
    platform: "browser",
    write: false,
    output: { format: "esm", minify: true, codeSplitting: false },
    logLevel: "warn",
  });
  if (output.length !== 1) throw new Error(`the page must be one script, not ${output.length}`);
  // In a string, where alone it can stand, it means the same; as it is, it would hide what ends the element.
  const script = output[0].code.trim().replaceAll("<!--", "\\x3c!--");
  // It would end the element that it stands in.
  if (/<\/script/i.test(script)) throw new Error("the page's script must not hold what ends a script");
  const style = STYLE.map(name => readFileSync(join(page, "style", name), "utf8"))
    .join("")
    .replaceAll(/\/\*.*?\*\/\n/g, "")
    .replace(/\s*\n\s*/g, "\n")
    .trim();
  const parts = { script, style, "script-hash": hash(script), "style-hash": hash(style) };
  const template = readFileSync(join(page, "template.html"), "utf8");
  const built = template.replace(/\{([a-z-]+)\}/g, (open, name) => parts[name] ?? open);
  mkdirSync(join(root, "dist", "page"), { recursive: true });
  writeFileSync(join(root, "dist", "page", "page.html"), built);
}

/** As a Content-Security-Policy names what it allows. */
function hash(text) {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
