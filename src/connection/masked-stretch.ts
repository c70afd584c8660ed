/** Stretches of a client's octets that are masked as a whole, in doubt up to REACH of them. */
import { Undecodable } from "../amqp/field-walk.ts";
import { FRAME_END, isFrameType } from "../amqp/spec/constants.ts";
import { PayloadOverrun } from "../bytes/cursor.ts";
import { FieldRun, type Following, frameEnd, LOOK } from "./credential-fields.ts";

/** Octets that are masked where a method with credentials does not end as it should, or its ids may be torn. */
export const REACH = 64 * 1024;

/** A method behind its ids in a running connection. `headed`: what its frame's size leaves, or null where it has none. */
export function* methodAnywhere(follow: (fields: FieldRun) => Following, headed: FieldRun | null): Following {
  try {
    yield* follow(headed ?? new FieldRun(REACH));
    yield* frameEnd();
    if (!isFrameType(yield LOOK)) throw new Undecodable("no frame follows");
  } catch (fault) {
    if (!(fault instanceof PayloadOverrun || fault instanceof Undecodable)) throw fault;
    yield -REACH;
  }
}

/** Octets that may hold the rest of a method with credentials. */
export function* reach(): Following {
  yield -REACH;
}

/** Octets that begin no frame, up to the end of one behind which another begins. */
export function* stray(): Following {
  let last = 0;
  for (let i = 0; i < REACH; i++) {
    const octet = yield LOOK;
    if (last === FRAME_END && isFrameType(octet)) return;
    yield -1;
    last = octet;
  }
}
