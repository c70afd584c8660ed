/** Which publishes came back: against a broker whose truth is known, as RabbitMQ handles publishes. */
import { expect, it } from "vitest";
import { Message, type MessageConnection, type Outcome } from "../../src/messages/message.ts";
import { MessageBudget } from "../../src/messages/message-budget.ts";
import { Publishes } from "../../src/messages/publishes.ts";
import { Moment } from "../../src/net/connection-observer.ts";

const SCENES = 1000;
const SEED = Math.floor(Math.random() * 2 ** 31);

/** Numbers from 0 to below `limit` (mulberry32). */
function random(seed: number): (limit: number) => number {
  let state = seed;
  return limit => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

function message(operation: "publish" | "return", kind: number): Message {
  const connection = {} as MessageConnection;
  const made = new Message(operation, { connection, channel: 1, streamOffset: 0, moment: new Moment() });
  made.exchange = "logs";
  made.size = 4;
  made.hashed = 4;
  made.bodyHash = kind;
  made.mandatory = true;
  made.code = operation === "return" ? 312 : 0;
  return made;
}

interface Scene {
  /** By number of the publish, less 1. */
  outcomes: { outcome: Outcome; inDoubt: boolean }[];
  isReturned: boolean[];
  kinds: number[];
}

/** Publishes of a few kinds that nothing else tells apart; the broker returns some, and confirms late, in any order. */
function play(seed: number): Scene {
  const next = random(seed);
  const settled = new Map<number, { outcome: Outcome; inDoubt: boolean }>();
  const emit = ({ number, outcome, mayBeReturned }: Message): void => {
    expect(settled.has(number), `publish ${number} settled once`).toBe(false);
    settled.set(number, { outcome, inDoubt: mayBeReturned !== null });
  };
  const budget = new MessageBudget();
  const publishes = new Publishes(budget, { emit, isUnread: () => false, isHeld: () => false });
  publishes.opened();
  publishes.confirmsFromHere(new Moment());
  const count = 1 + next(7);
  const kinds = Array.from({ length: count }, () => next(3));
  const isReturned = kinds.map(() => next(2) === 0);
  const unconfirmed = new Set<number>();
  let [sent, handled] = [0, 0];
  while (unconfirmed.size > 0 || handled < count) {
    const step = next(3);
    if (step === 0 && sent < count) publishes.add(message("publish", kinds[sent++]!));
    else if (step === 1 && handled < sent) {
      if (isReturned[handled]!) publishes.returned(message("return", kinds[handled]!), new Moment());
      unconfirmed.add(++handled);
    } else if (step === 2 && unconfirmed.size > 0) {
      const upTo = [...unconfirmed][next(unconfirmed.size)]!;
      const multiple = next(2) === 0;
      publishes.confirm(upTo, multiple, "confirmed", new Moment());
      for (const each of unconfirmed) if (each === upTo || (multiple && each < upTo)) unconfirmed.delete(each);
    }
  }
  publishes.end(() => "unconfirmed");
  expect(budget.outstanding, "publishes outstanding at the end").toBe(0);
  return { outcomes: kinds.map((_, i) => settled.get(i + 1)!), isReturned, kinds };
}

it(`tells no publish returned that was not, and none confirmed that was returned (seed ${SEED})`, () => {
  let [certain, all] = [0, 0];
  for (let scene = 0; scene < SCENES; scene++) {
    const { outcomes, isReturned, kinds } = play(SEED + scene);
    const scenario = JSON.stringify({ outcomes, isReturned, kinds });
    outcomes.forEach(({ outcome, inDoubt }, i) => {
      all++;
      if (inDoubt) expect(outcome, scenario).toBe("unknown");
      else {
        certain++;
        expect(outcome, `scene ${SEED + scene}, publish ${i + 1}: ${scenario}`).toBe(
          isReturned[i] ? "returned" : "confirmed",
        );
      }
      // What is the only one of its kind, or all of whose kind came back, is not in doubt.
      const ofKind = isReturned.filter((_, at) => kinds[at] === kinds[i]);
      if (ofKind.every(each => each === ofKind[0])) expect(inDoubt, scenario).toBe(false);
    });
  }
  expect(certain / all).toBeGreaterThan(0.7);
});

it("takes properties and octets of a broker that writes them anew for the same", () => {
  const emitted: string[] = [];
  const emit = ({ number, outcome }: Message): number => emitted.push(`${number} ${outcome}`);
  const publishes = new Publishes(new MessageBudget(), { emit, isUnread: () => false, isHeld: () => false });
  publishes.opened();
  publishes.confirmsFromHere(new Moment());
  const [first, second, back] = [message("publish", 1), message("publish", 1), message("return", 1)];
  second.propertiesHash = 7;
  back.propertiesHash = 7;
  for (const each of [first, second]) publishes.add(each);
  publishes.returned(back, new Moment());
  expect(emitted).toEqual(["2 returned"]);
  const anew = message("return", 1);
  anew.propertiesHash = 9;
  const third = message("publish", 1);
  publishes.add(third);
  publishes.returned(anew, new Moment());
  expect(emitted).toEqual(["2 returned", "3 returned"]);
});
