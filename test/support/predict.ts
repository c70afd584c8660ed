/** The one place where the differential test meets the predictor. */

export type Prediction =
  | { outcome: "close"; code: number; text: string; classId: number; methodId: number; fatal?: boolean }
  | { outcome: "reset"; reason: string };

/** What the broker will do, from the client's octets alone; null when it will not end the connection. */
export function predict(_clientOctets: Uint8Array): Prediction | null {
  throw new Error("not wired yet");
}
