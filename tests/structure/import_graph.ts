/** Rooms of `src/` in the order in which data flows; a room imports only from rooms before it. */
export const ROOMS = [
  "config",
  "native",
  "tensor",
  "dist",
  "data",
  "text",
  "tokens",
  "model",
  "checkpoint",
  "train",
  "onnx",
  "eval",
  "run",
  "scaling",
  "report",
  "cli",
] as const;

/** One import between two files of `src/`. */
export interface Edge {
  /** Path of the importing file, relative to the root. */
  from: string;
  /** Path of the imported file, relative to the root. */
  to: string;
  /** Whether only types are imported, which leaves nothing at run time. */
  typeOnly: boolean;
}

/**
 * The relative imports of a TypeScript file: static, re-exports, dynamic with a literal, and URLs
 * built on `import.meta.url` (workers).
 */
export function importsOf(path: string, source: string): Edge[] {
  const text = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const pattern =
    /(?:\b(?<type>(?:import|export)\s+type\b[^;"']*?)?\bfrom\s*|\bimport\s*\(?\s*|\bnew\s+URL\(\s*)["'](?<target>\.{1,2}\/[^"']+)["']/g;
  return [...text.matchAll(pattern)]
    .map(({ groups }) => ({
      from: path,
      to: resolve(path, groups?.target as string),
      typeOnly: groups?.type !== undefined,
    }))
    .filter(({ to }) => to.startsWith("src/") && to.endsWith(".ts"));
}

/** The edges that point to a later room, and those from a folder that is no room. */
export function backEdges(edges: readonly Edge[]): string[] {
  return edges.flatMap(({ from, to }) => {
    const [source, target] = [roomIndex(from), roomIndex(to)];
    if (source < 0 || target < 0) return [`${from} -> ${to}: not both in a known room`];
    return target > source ? [`${from} imports ${to}: a later room`] : [];
  });
}

/** A cycle of files at run time, as a path that ends where it began; `undefined` when there is none. */
export function findCycle(edges: readonly Edge[]): string[] | undefined {
  const targets = new Map<string, string[]>();
  for (const { from, to, typeOnly } of edges) {
    if (!typeOnly) targets.set(from, [...targets.get(from) ?? [], to]);
  }
  const finished = new Set<string>();
  const trail: string[] = [];
  const visit = (file: string): string[] | undefined => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
    if (finished.has(file)) return undefined;
    trail.push(file);
    for (const target of targets.get(file) ?? []) {
      const cycle = visit(target);
      if (cycle !== undefined) return cycle;
    }
    trail.pop();
    finished.add(file);
  };
  for (const file of targets.keys()) {
    const cycle = visit(file);
    if (cycle !== undefined) return cycle;
  }
}

function roomIndex(path: string): number {
  return (ROOMS as readonly string[]).indexOf(path.split("/")[1]);
}

function resolve(from: string, target: string): string {
  return new URL(target, `file:///${from}`).pathname.slice(1);
}
