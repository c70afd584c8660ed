import type { Place, Range } from "../../net/place.ts";

/** Returns where a packet is counted instead. */
export type PlaceMap = (input: number, packet: number | null) => { input: number; packet: number | null };

/**
 * The same plain data, with every place in it moved. An object with both an input and a packet is a place; `packets`
 * beside the ranges `at` of an object repeats the packets of those, and follows them.
 */
export function mapPlaces<Data>(data: Data, map: PlaceMap): Data {
  return mapped(data, map) as Data;
}

function mapped(data: unknown, map: PlaceMap): unknown {
  if (Array.isArray(data)) return data.map(each => mapped(each, map));
  if (typeof data !== "object" || data === null) return data;
  if (isPlace(data)) return { ...data, ...map(data.input, data.packet) };
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(data)) result[key] = mapped(value, map);
  if (Array.isArray(result.packets) && isRanges(result.at)) {
    result.packets = result.at.map(({ from, to }) => [from.packet ?? 0, to.packet ?? 0]);
  }
  return result;
}

function isPlace(data: object): data is Place {
  return "input" in data && "packet" in data;
}

function isRanges(data: unknown): data is Range[] {
  return Array.isArray(data) && data.every(each => typeof each === "object" && each !== null && "from" in each);
}
