/** True when counting by `step` from `before` to `after` passes a multiple of `every`; null = never. */
export function passes(before: number, after: number, every: number | null): boolean {
  return every !== null && Math.floor(after / every) > Math.floor(before / every);
}
