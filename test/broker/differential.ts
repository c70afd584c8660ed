/**
 * Streams, the broker's answers, the predictions, and what became of each pair.
 *
 * The broker hands complete commands to a process per channel and reads on. What that process objects to and what the
 * reader objects to in the octets behind it race for the one connection.close. So a stream whose answer was not the
 * predicted one is sent again at other paces, down to a frame at a time: where the predicted answer is among those
 * that the broker itself gives, the stream is a race and listed as one; where it is not, the prediction is wrong.
 * Apart from both stands what nobody can know from the octets alone (unknowable.ts).
 */

import { mutatedStream } from "../support/mutated-streams.ts";
import type { Prediction } from "../support/predict.ts";
import type { Broker } from "../support/private-broker.ts";
import { type Answer, answerTo, type Pace } from "./answer.ts";
import { type Asked, askMany } from "./ask-many.ts";
import { agrees, describeAnswer, describePrediction } from "./compare.ts";
import { Random } from "./streams/random.ts";
import { unknowable } from "./unknowable.ts";

export interface Verdict {
  asked: Asked;
  prediction: Prediction | null;
  /** The broker said nothing at first, and the predicted when it had more time. */
  askedTwice?: true;
  outcome: "agreed" | "race" | "unknowable" | "wrong";
  /** Of an unknowable answer: what decided it. */
  reason?: string;
  /** Octets of the stream. */
  length: number;
  /** Where the first answer was not the predicted one: what the broker said then and at each repetition. */
  answers: { pace: Pace; answer: Answer }[];
}

export interface Differential {
  verdicts: Verdict[];
  agreed: number;
  races: Verdict[];
  unknowable: Verdict[];
  wrong: Verdict[];
}

export type Predict = (clientOctets: Uint8Array) => Prediction | null;

/** How much longer a stream is listened to whose first answer was silence. */
const PATIENCE = 8;

/** Paces at which a stream is sent again, one run after the other: the queues of the last shall not meet the next. */
const REPETITIONS: readonly Pace[] = ["whole", "pauses", "burst", "pauses", "pieces"];

export async function differ(
  broker: Broker,
  predict: Predict,
  streams: { seed: number; count: number; linger?: number },
): Promise<Differential> {
  const verdicts: Verdict[] = [];
  const answered = (asked: Asked, octets: Uint8Array): void => {
    const prediction = predict(octets);
    const verdict: Verdict = { asked, prediction, outcome: "agreed", length: octets.length, answers: [asked] };
    if (!agrees(prediction, asked.answer)) {
      const reason = unknowable(prediction, asked.answer, octets);
      verdict.outcome = reason === null ? "wrong" : "unknowable";
      if (reason !== null) verdict.reason = reason;
    }
    verdicts.push(verdict);
  };
  await askMany({ ...streams, broker, answered: (asked, stream) => answered(asked, stream.octets) });
  verdicts.sort((a, b) => a.asked.index - b.asked.index);
  const again = verdicts.filter(({ outcome }) => outcome === "wrong").values();
  const worker = async (): Promise<void> => {
    for (const verdict of again) await repeat(broker, verdict);
  };
  await Promise.all(Array.from({ length: 10 }, worker));
  const those = (outcome: Verdict["outcome"]): Verdict[] => verdicts.filter(verdict => verdict.outcome === outcome);
  return {
    verdicts,
    agreed: those("agreed").length,
    races: those("race"),
    unknowable: those("unknowable"),
    wrong: those("wrong"),
  };
}

async function repeat({ host, port }: Broker, verdict: Verdict): Promise<void> {
  const { seed, index, pace, answer: first } = verdict.asked;
  const { octets } = mutatedStream(seed, index);
  if (first.close === null && !first.ended) {
    // Silence is an answer only where it lasts: while hundreds of streams are sent, the broker may just be busy.
    const random = new Random(seed, index, 2);
    const answer = await answerTo({ host, port, octets, pace, random, patience: PATIENCE });
    verdict.answers.push({ pace, answer });
    if (agrees(verdict.prediction, answer)) {
      verdict.outcome = "agreed";
      verdict.askedTwice = true;
      return;
    }
    // What came late, behind the silence, may be what nobody can know.
    const reason = unknowable(verdict.prediction, answer, octets);
    if (reason !== null) {
      verdict.outcome = "unknowable";
      verdict.reason = reason;
      return;
    }
  }
  for (const [at, pace] of REPETITIONS.entries()) {
    const answer = await answerTo({ host, port, octets, pace, random: new Random(seed, index, 2 + at) });
    verdict.answers.push({ pace, answer });
  }
  if (verdict.answers.some(({ answer }) => agrees(verdict.prediction, answer))) verdict.outcome = "race";
}

/** `agree N of M`, then what was unknowable by its reasons, each race and the first `show` wrong predictions in full. */
export function summary(result: Differential, show: number): string {
  const { verdicts, agreed, races, wrong } = result;
  const twice = verdicts.filter(({ askedTwice }) => askedTwice === true).length;
  const counts = `(${twice} when asked again); ${races.length} races, ${result.unknowable.length} unknowable, ${wrong.length} wrong`;
  const lines = [`agree ${agreed} of ${verdicts.length} ${counts}`];
  for (const { asked, prediction, reason } of result.unknowable) {
    const { kind, seed, index } = asked;
    lines.push(
      `  unknowable ${kind}, seed ${seed} index ${index}: ${reason}; predicted ${describePrediction(prediction)}`,
    );
  }
  for (const verdict of races) lines.push(`  race  ${describe(verdict)}`);
  for (const verdict of wrong.slice(0, show)) lines.push(`  wrong ${describe(verdict)}`);
  if (wrong.length > show) lines.push(`  … and ${wrong.length - show} more`);
  return lines.join("\n");
}

function describe({ asked, prediction, length, answers }: Verdict): string {
  const { kind, seed, index } = asked;
  const said = new Map<string, Pace[]>();
  for (const { pace, answer } of answers) {
    const text = describeAnswer(answer);
    said.set(text, [...(said.get(text) ?? []), pace]);
  }
  const heads = [`${kind}, seed ${seed} index ${index}, ${length} octets`];
  const broker = [...said].map(([text, paces]) => `        broker    ${text} (${paces.join(", ")})`);
  return [...heads, `        predicted ${describePrediction(prediction)}`, ...broker].join("\n");
}
