/** A whole number with its thousands separated, for prose: 1,544,254,578. */
export function grouped(value: number | bigint): string {
  return value.toString().replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}
