/**
 * What the executable without Node runs first, in each of its threads: it loads the command's files from the executable
 * itself, and never one from a disk. A thread is told its file by FILE, which is declared before this text.
 */
/* global FILE */
"use strict";

const { getAsset } = process.getBuiltinModule("node:sea");
const { compileFunction } = process.getBuiltinModule("node:vm");
const { fileURLToPath } = process.getBuiltinModule("node:url");
const { isBuiltin } = process.getBuiltinModule("node:module");
const path = process.getBuiltinModule("node:path");
const fs = process.getBuiltinModule("node:fs");
const threads = process.getBuiltinModule("node:worker_threads");

/** Where the files believe they are: a folder that does not exist, and is never looked for. */
const INSIDE = path.resolve("/inside-the-executable");
const PAGE = path.join(INSIDE, "page", "page.html");

/** Modules of Node through which the command opens files of its own. */
const REPLACED = {
  "node:fs": {
    ...fs,
    readFileSync: (file, ...options) =>
      file instanceof URL && fileURLToPath(file) === PAGE
        ? getAsset("page.html", "utf8")
        : fs.readFileSync(file, ...options),
  },
  "node:worker_threads": {
    ...threads,
    Worker: class Worker extends threads.Worker {
      constructor(file, options) {
        const name = JSON.stringify(path.basename(fileURLToPath(file)));
        super(`const FILE = ${name};\n${getAsset("executable-main.cjs", "utf8")}`, { ...options, eval: true });
      }
    },
  },
};

const loaded = new Map();

/** The exports of a file of the command. */
function load(name) {
  let module = loaded.get(name);
  if (module === undefined) {
    module = { exports: {} };
    loaded.set(name, module);
    const filename = path.join(INSIDE, "command", name);
    const parameters = ["exports", "require", "module", "__filename", "__dirname"];
    const run = compileFunction(getAsset(name, "utf8"), parameters, { filename });
    run.call(module.exports, module.exports, required, module, filename, path.join(INSIDE, "command"));
  }
  return module.exports;
}

function required(name) {
  if (isBuiltin(name)) return REPLACED[name] ?? process.getBuiltinModule(name);
  return load(path.basename(name));
}

function failed(error) {
  console.error(`ghostframe: cannot be loaded: ${error.message}`);
  process.exitCode = 2;
}

try {
  if (typeof FILE === "string") load(FILE);
  else load("main.js").main().catch(failed);
} catch (error) {
  if (threads.isMainThread) failed(error);
  else throw error;
}
