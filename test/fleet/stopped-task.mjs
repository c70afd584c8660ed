// node stopped-task.mjs MARK CAPTURE COMMAND…: runs the command, and holds it for good as soon as it has the capture open. Then
// MARK is written. So whoever kills the task kills a reading that is under way, however fast the machine is.
import { spawn } from "node:child_process";
import { readdirSync, readlinkSync, writeFileSync } from "node:fs";

const [mark, capture, file, ...args] = process.argv.slice(2);
const child = spawn(file, args, { stdio: "inherit" });
const descriptors = `/proc/${child.pid}/fd`;
let isOpen = false;
while (!isOpen) {
  try {
    isOpen = readdirSync(descriptors).some(name => readlinkSync(`${descriptors}/${name}`).endsWith(capture));
  } catch (error) {
    // A descriptor was closed meanwhile; the process is there as long as it is our child.
    if (error.code !== "ENOENT" || error.syscall !== "readlink") throw error;
  }
}
child.kill("SIGSTOP");
writeFileSync(mark, "");
child.on("exit", code => process.exit(code ?? 1));
