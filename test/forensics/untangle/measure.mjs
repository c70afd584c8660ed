// measure.mjs CAPTURE true|false: what it takes to inspect a capture with or without explaining it, as JSON.
import { inspect } from "../../../dist/inspect.js";

const [path, explain] = process.argv.slice(2);
const started = process.cpuUsage();
const report = await inspect([path], { decodeAs: [5672], explain: explain === "true" });
const { user, system } = process.cpuUsage(started);
const diagnoses = report.findings.filter(({ diagnosis }) => diagnosis !== undefined).length;
const { maxRSS } = process.resourceUsage();
console.log(JSON.stringify({ seconds: (user + system) / 1e6, mebibytes: maxRSS / 1024, diagnoses }));
