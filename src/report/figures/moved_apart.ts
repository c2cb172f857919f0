import type { Panel, SeriesPoint } from "./series.ts";

/** How far two points at one place are moved apart, as a share of the axis. */
const STEP = 0.018;

/**
 * Where points of panels with a common x axis are drawn beside their place: where several points with
 * an interval stand at one place of a panel, side by side, so that no bar hides another. Points that
 * stay are not in it.
 */
export function movedApart(panels: readonly Panel[], log: boolean): Map<SeriesPoint, number> {
  const along = (x: number) => log ? Math.log(x) : x;
  const back = (x: number) => log ? Math.exp(x) : x;
  const all = panels.flatMap(({ series }) => series.flatMap(({ points }) => points));
  const places = new Map<SeriesPoint, number>();
  const ends = all.map(({ x }) => along(x));
  const step = STEP * (Math.max(...ends) - Math.min(...ends));
  for (const { series } of panels) {
    const barred = series.flatMap(({ points }) => points.filter(({ low }) => low !== undefined));
    for (const group of Map.groupBy(barred, ({ x }) => x).values()) {
      if (group.length === 1) continue;
      group.forEach((point, i) => {
        places.set(point, back(along(point.x) + (i - (group.length - 1) / 2) * step));
      });
    }
  }
  return places;
}
