#!/usr/bin/env node
// CommonJS, which Node starts sooner than modules.
"use strict";

const { homedir } = require("node:os");
const { join } = require("node:path");
const { enableCompileCache } = require("node:module");

try {
  // Stacks are for whoever asks for them; the map of a bundle takes time to load.
  if (process.env.GHOSTFRAME_DEBUG) process.setSourceMapsEnabled(true);
  // From Node 22.1: the compiled code is kept, in the user's own folder, as nobody else may write what is run from there.
  enableCompileCache?.(join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "ghostframe"));
  require("../dist/command/main.js").main().catch(cannotLoad);
} catch (error) {
  cannotLoad(error);
}

/** A file of the command could not be loaded: program.js tells whatever goes wrong later. */
function cannotLoad(error) {
  const why =
    error.code === "EMFILE" ? "too many files are open: this process may open no more (ulimit -n)" : error.message;
  console.error(`ghostframe: cannot be loaded: ${why}`);
  process.exitCode = 2;
}
