/** `recover` as text: a line a message, and the count. */
import { grouped } from "../bytes/grouped.ts";
import { pad, printable } from "../bytes/printable.ts";
import { plural } from "../bytes/words.ts";
import { FATES, type Fate, isSure } from "./lost-publish.ts";
import type { RecoveredMessage, Recovery } from "./recover.ts";

const MAX_NAME = 60;
/** The widest state: of a message that was found in part. */
const MOST_OCTETS = "999999999 octets";

export function recoveredLine({ lost, content }: RecoveredMessage): string {
  const { fate, confidence, record } = lost;
  const { time, connection, channel, exchange, routingKey, messageId, correlationId, traceId, finding } = record;
  const size = content === null || content.bodySize < 0 ? record.size : content.bodySize;
  const part = `${content?.body.length ?? 0} octets`;
  const state = content?.isWhole !== true ? part : isSure(lost) ? "whole" : `whole? ${confidence.toFixed(2)}`;
  const cells = [
    time.slice(11, -1),
    pad(connection, 4),
    `ch ${pad(String(content?.channel ?? channel), 3)}`,
    pad(`${fate}${finding === undefined ? "" : ` in ${finding}`}`, 18),
    pad(state, MOST_OCTETS.length),
    size === undefined ? " ".repeat(9) : `${pad(String(size), 7, "right")} B`,
    `${exchange === "" ? "(default)" : printable(exchange, MAX_NAME)} ${printable(routingKey, MAX_NAME)}`,
  ];
  if (messageId !== undefined) cells.push(`id ${printable(messageId, MAX_NAME)}`);
  else if (correlationId !== undefined) cells.push(`correlation ${printable(correlationId, MAX_NAME)}`);
  if (traceId !== undefined) cells.push(`trace ${printable(traceId, MAX_NAME)}`);
  return cells.join(" ");
}

/** Counts recovered messages. */
export class RecoveredCounts {
  readonly #byFate = new Map<Fate, { whole: number; part: number }>();
  all = 0;
  whole = 0;
  /** Whole, but perhaps a mixture of two. */
  unsure = 0;

  add({ lost, content }: RecoveredMessage): void {
    const { fate } = lost;
    const counts = this.#byFate.get(fate) ?? { whole: 0, part: 0 };
    this.#byFate.set(fate, counts);
    this.all++;
    if (content?.isWhole === true) {
      counts.whole++;
      this.whole++;
      if (!isSure(lost)) this.unsure++;
    } else counts.part++;
  }

  /** `12 messages lost: 3 torn (1 only in part), 9 unread.`, and the numbers of those that are not listed. */
  sentences({ unknown, unconfirmed }: Recovery): string {
    const fates = FATES.flatMap(fate => {
      const counts = this.#byFate.get(fate);
      if (counts === undefined) return [];
      const { whole, part } = counts;
      const partly = part === 0 ? "" : whole === 0 ? " (only in part)" : ` (${grouped(part)} only in part)`;
      return [`${grouped(whole + part)} ${fate}${partly}`];
    });
    const sentences = [
      `${this.all === 0 ? "No message" : plural(this.all, "message")} lost${fates.length === 0 ? "" : `: ${fates.join(", ")}`}.`,
    ];
    if (this.unsure > 0) {
      sentences.push(
        `${grouped(this.unsure)} of them ("whole?") may be mixtures of two messages whose frames look alike.`,
      );
    }
    if (unconfirmed > 0) {
      const those = unconfirmed === 1 ? "1 more has no confirm" : `${grouped(unconfirmed)} more have no confirm`;
      sentences.push(`${those}, and may have arrived (--include-unconfirmed).`);
    }
    if (unknown > 0) {
      const those = unknown === 1 ? "1 more" : `${grouped(unknown)} more`;
      sentences.push(`Of ${those} the capture does not say whether the broker took them.`);
    }
    return sentences.join(" ");
  }
}
