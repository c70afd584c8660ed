#!/usr/bin/env node
import("../dist/command/main.js").catch(error => {
  // It could not even be loaded: main.js tells whatever goes wrong later.
  const why =
    error.code === "EMFILE" ? "too many files are open: this process may open no more (ulimit -n)" : error.message;
  console.error(`ghostframe: cannot be loaded: ${why}`);
  process.exitCode = 2;
});
