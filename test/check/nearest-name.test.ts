import { expect, it } from "vitest";
import { didYouMean } from "../../src/check/nearest-name.ts";
import { RULE_IDS } from "../../src/check/policy.ts";

it.each<[name: string, meant: string]>([
  ["frame-ends", "frame-end"],
  ["FRAME-END", "frame-end"],
  ["frame_end", "frame-end"],
  ["sharedchannel", "shared-channel"],
  ["hearbeat", "heartbeat"],
  ["frame-to-large", "frame-too-large"],
  ["capture-gaps", "capture-gap"],
  ["", ""],
  ["x", ""],
  ["checksum", ""],
])("%j", (name, meant) => expect(didYouMean(name, RULE_IDS)).toBe(meant && `: did you mean "${meant}"?`));
