import { Command } from "commander";

export function framesCommand(): Command {
  return new Command("frames");
}
