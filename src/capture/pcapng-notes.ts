/** What a pcapng reader noticed beside the packets. Its memory does not grow with the file. */
import { grouped } from "../bytes/grouped.ts";
import { blockName, INTERFACE_STATISTICS_BLOCK, NAME_RESOLUTION_BLOCK } from "./pcapng-blocks.ts";

const MAX_NAMES = 8;

export class PcapngNotes {
  /** Packets without a time. */
  timeless = 0;
  /** Interface descriptions with options that do not decode. */
  unsoundInterfaces = 0;
  readonly #skipped = new Map<string, number>();
  #skippedOthers = 0;
  #skippedBlocks = 0;

  /** A block was passed over. Common blocks that a report does not need do not count. */
  skipped(type: number): void {
    if (type === NAME_RESOLUTION_BLOCK || type === INTERFACE_STATISTICS_BLOCK) return;
    this.#skippedBlocks++;
    const name = blockName(type);
    const count = this.#skipped.get(name) ?? 0;
    if (count > 0 || this.#skipped.size < MAX_NAMES) this.#skipped.set(name, count + 1);
    else this.#skippedOthers++;
  }

  /** One sentence on the blocks that were passed over, by their kinds; null where there were none. */
  get passedOver(): string | null {
    if (this.#skippedBlocks === 0) return null;
    const kinds = [...this.#skipped].map(([name, count]) => many(count, name));
    if (this.#skippedOthers > 0) kinds.push(`${many(this.#skippedOthers, "block")} of yet other types`);
    const [what, is] = this.#skippedBlocks === 1 ? ["block", "was"] : ["blocks", "were"];
    const them = this.#skippedBlocks === 1 ? "it" : "them";
    return `${grouped(this.#skippedBlocks)} ${what} of the file ${is} passed over, as ghostframe does not read ${them}: ${kinds.join(", ")}.`;
  }

  /** @param dropped packets that the interfaces report as lost */
  sentences(dropped: number): string[] {
    const sentences: string[] = [];
    if (dropped > 0) sentences.push(`${many(dropped, "packet")} dropped while capturing, and missing here`);
    if (this.timeless > 0)
      sentences.push(`${many(this.timeless, "simple packet block")} without a time, shown as 1970`);
    if (this.unsoundInterfaces > 0) {
      sentences.push(`ignored malformed options of ${many(this.unsoundInterfaces, "interface description block")}`);
    }
    return sentences;
  }
}

/** "1 custom block", "3 blocks of unknown type 0x80000001". */
function many(count: number, name: string): string {
  return count === 1 ? `1 ${name}` : `${count} ${name.replace(/block|packet$/, "$&s")}`;
}
