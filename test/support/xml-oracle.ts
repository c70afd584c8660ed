/** What an XML parser that shares nothing with this project makes of a document. */
import { spawnSync } from "node:child_process";

export interface ParsedElement {
  name: string;
  attributes: Record<string, string>;
  /** In front of the first child. */
  text: string;
  children: ParsedElement[];
}

/** ElementTree, which is expat: it refuses what is not well-formed. */
const PARSE = `
import json, sys, xml.etree.ElementTree as tree
def plain(e):
    return {"name": e.tag, "attributes": e.attrib, "text": e.text or "", "children": [plain(c) for c in e]}
print(json.dumps(plain(tree.fromstring(sys.stdin.buffer.read()))))
`;

/** Whether Python can be run. CI must have it: there, a missing one is a failure and no reason to skip. */
export function hasXmlParser(): boolean {
  const found = spawnSync("python3", ["-c", "import xml.etree.ElementTree"]).status === 0;
  if (!found && process.env.CI) throw new Error("python3 is not installed, and CI may not go without its oracle");
  if (!found) process.stderr.write("\nSKIPPED: what an XML parser says – python3 is not installed\n\n");
  return found;
}

export function parseXml(document: string): ParsedElement {
  const { status, stdout, stderr } = spawnSync("python3", ["-c", PARSE], {
    input: document,
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  if (status !== 0) throw new Error(`not well-formed: ${stderr.trim().split("\n").at(-1)}`);
  return JSON.parse(stdout) as ParsedElement;
}

/** The elements of a name, wherever they are, in the document's order. */
export function elementsNamed(root: ParsedElement, name: string): ParsedElement[] {
  const below = root.children.flatMap(child => elementsNamed(child, name));
  return root.name === name ? [root, ...below] : below;
}
