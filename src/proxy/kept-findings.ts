import type { FindingNews } from "./telemetry-protocol.ts";

/** Findings that are kept for the live page, and their characters of JSON; beyond this, the oldest are dropped. */
const MAX_FINDINGS = 1000;
const MAX_CHARACTERS = 8 << 20;

/** The latest findings, by id. */
export class KeptFindings {
  readonly #findings = new Map<string, FindingNews>();
  #characters = 0;

  get all(): Iterable<FindingNews> {
    return this.#findings.values();
  }

  get(id: string): FindingNews | undefined {
    return this.#findings.get(id);
  }

  /** Keeps a finding, also one that comes again with more. Returns the ids of those that were dropped. */
  keep(finding: FindingNews): string[] {
    const before = this.#findings.get(finding.id);
    this.#characters += finding.json.length - (before?.json.length ?? 0);
    this.#findings.set(finding.id, finding);
    const dropped: string[] = [];
    for (const [id, { json }] of this.#findings) {
      if (this.#findings.size <= MAX_FINDINGS && this.#characters <= MAX_CHARACTERS) break;
      this.#findings.delete(id);
      this.#characters -= json.length;
      dropped.push(id);
    }
    return dropped;
  }
}
