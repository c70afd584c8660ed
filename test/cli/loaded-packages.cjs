// Prints the packages of OpenTelemetry that a command has loaded, when it ends.
const { Module } = require("node:module");

process.on("exit", () => {
  const loaded = Object.keys(Module._cache).flatMap(
    path => path.match(/node_modules.(@opentelemetry.[^/\\]+)/)?.[1] ?? [],
  );
  process.stderr.write(`loaded: ${new Set(loaded).size}\n`);
});
