/**
 * Small faults put into a source file, one at a time: another comparison, a boundary moved by one, a condition that
 * always or never holds, a statement left out. A test suite that holds what the file does fails for each of them.
 */
import { parseAst } from "vite";

/**
 * A fault: the characters from `start` to `end` are replaced by `text`.
 * @typedef {{ start: number, end: number, text: string, line: number, was: string }} Mutant
 */

const BOUNDARY = { "<": "<=", "<=": "<", ">": ">=", ">=": ">" };
const NEGATED = { "<": ">=", "<=": ">", ">": "<=", ">=": "<", "===": "!==", "!==": "===", "==": "!=", "!=": "==" };
const OPERATOR = { "+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "<<": ">>", ">>": "<<", "&": "|", "|": "&" };
const LOGICAL = { "&&": "||", "||": "&&" };
const ASSIGNMENT = { "+=": "-=", "-=": "+=", "*=": "/=", "|=": "&=", "&=": "|=" };

/** Types do nothing when the program runs, and imports are not ours to change. */
const SKIPPED = new Set(["ImportDeclaration", "ExportAllDeclaration"]);
const WITH_VALUE = new Set(["TSNonNullExpression", "TSAsExpression", "TSSatisfiesExpression"]);

/** All mutants of a file, in the order of their places. */
export function mutantsOf(source) {
  /** @type {Mutant[]} */
  const mutants = [];
  const starts = lineStarts(source);
  const add = (start, end, text) => {
    const was = source.slice(start, end);
    if (was !== text) mutants.push({ start, end, text, line: lineOf(starts, start), was });
  };
  visit(parseAst(source, { lang: "ts" }), null, source, add);
  return mutants.sort((a, b) => a.start - b.start || a.end - b.end);
}

export function applied(source, { start, end, text }) {
  return source.slice(0, start) + text + source.slice(end);
}

function visit(node, parent, source, add) {
  if (SKIPPED.has(node.type) || (node.type.startsWith("TS") && !WITH_VALUE.has(node.type))) return;
  mutate(node, parent, source, add);
  if (isInteger(node)) {
    visit(node.left, node, source, add);
    return;
  }
  for (const [key, value] of Object.entries(node)) {
    if (key === "key" || key === "typeAnnotation" || key === "returnType" || key === "source") continue;
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child?.type === "string") visit(child, node, source, add);
    }
  }
}

function mutate(node, parent, source, add) {
  const text = each => source.slice(each.start, each.end);
  const operator = to => {
    const at = source.indexOf(node.operator, node.left.end);
    add(at, at + node.operator.length, to);
  };
  switch (node.type) {
    case "BinaryExpression":
      if (isInteger(node)) {
        add(node.start, node.end, text(node.left));
        return;
      }
      if (node.operator in BOUNDARY) operator(BOUNDARY[node.operator]);
      if (node.operator in NEGATED && !isTest(node, parent)) operator(NEGATED[node.operator]);
      if (node.operator in OPERATOR) operator(OPERATOR[node.operator]);
      return;
    case "LogicalExpression":
      if (node.operator in LOGICAL) operator(LOGICAL[node.operator]);
      else add(node.start, node.end, text(node.right));
      return;
    case "AssignmentExpression":
      if (parent.type !== "ExpressionStatement" && node.operator in ASSIGNMENT) operator(ASSIGNMENT[node.operator]);
      return;
    case "UpdateExpression":
      if (parent.type === "ExpressionStatement") return; // left out as a whole
      add(node.start, node.end, text(node).replace(node.operator, node.operator === "++" ? "--" : "++"));
      return;
    case "UnaryExpression":
      if (node.operator === "!" || node.operator === "-") add(node.start, node.end, `(${text(node.argument)})`);
      return;
    case "IfStatement":
    case "ConditionalExpression":
      add(node.test.start, node.test.end, "true");
      add(node.test.start, node.test.end, "false");
      return;
    case "WhileStatement":
    case "ForStatement":
      if (node.test !== null && node.test.type !== "Literal") add(node.test.start, node.test.end, "false");
      return;
    case "Literal":
      if (typeof node.value === "boolean") add(node.start, node.end, String(!node.value));
      else if (typeof node.value === "number")
        add(node.start, node.end, node.value === 0 ? "1" : `(${text(node)} + 1)`);
      return;
    case "MemberExpression":
      if (text(node) === "Math.min") add(node.start, node.end, "Math.max");
      else if (text(node) === "Math.max") add(node.start, node.end, "Math.min");
      return;
    case "ExpressionStatement":
      if (node.expression.type !== "Literal") add(node.start, node.end, ";");
      return;
    case "BreakStatement":
    case "ContinueStatement":
      add(node.start, node.end, ";");
      return;
    case "ReturnStatement":
      if (node.argument === null) add(node.start, node.end, ";");
  }
}

/** `| 0` and `>>> 0` make a 32-bit integer of a number. */
function isInteger({ type, operator, right }) {
  return type === "BinaryExpression" && (operator === "|" || operator === ">>>") && right.value === 0;
}

/** A condition as a whole is made true and false; then its negation tells nothing more. */
function isTest(node, parent) {
  return parent?.test === node;
}

function lineStarts(source) {
  const starts = [0];
  for (let at = source.indexOf("\n"); at >= 0; at = source.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

function lineOf(starts, offset) {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}
