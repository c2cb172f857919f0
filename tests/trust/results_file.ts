import { dirname } from "node:path";
import { sha256 } from "../../src/checkpoint/safetensors.ts";
import { formatScorecard, type Scored } from "../../src/cli/commands/trust.ts";
import { libraryIdentity } from "../../src/run/library_identity.ts";

/** A row of the scorecard and how it came about. */
export interface KeptRow extends Scored {
  /** What the code was: see {@linkcode codeIdentity}. */
  readonly code: string;
  /** How much was asked for: kills, cases, quick. */
  readonly asked: string;
  readonly seconds: number;
  /** ISO 8601, UTC. */
  readonly ended: string;
}

/** The rows that were measured so far: `results.json` and the table `scorecard.md` in a folder. */
export class ResultsFile {
  readonly #dir: string;
  readonly #rows: Map<string, KeptRow>;

  constructor(dir: string) {
    this.#dir = dir;
    this.#rows = new Map(readRows(`${dir}/results.json`).map((row) => [row.id, row]));
  }

  /** The newest measurement of a row, of whatever code. */
  get(id: string): KeptRow | undefined {
    return this.#rows.get(id);
  }

  /** Keeps a row in place of an older one; both files are whole at every instant. */
  put(row: KeptRow): void {
    this.#rows.set(row.id, row);
    const rows = [...this.#rows.values()].sort((a, b) =>
      Number(a.id.slice(1)) - Number(b.id.slice(1))
    );
    replaceFile(`${this.#dir}/results.json`, `${JSON.stringify({ results: rows }, null, 1)}\n`);
    replaceFile(`${this.#dir}/scorecard.md`, `${formatScorecard(rows)}\n`);
  }
}

/** SHA-256 of the commit, of what differs from it, and of the native library. */
export async function codeIdentity(root: string): Promise<string> {
  const git = async (...args: string[]) => {
    try {
      const command = new Deno.Command("git", { args: ["-C", root, ...args], stderr: "null" });
      const { code, stdout } = await command.output();
      return code === 0 ? new TextDecoder().decode(stdout) : "";
    } catch {
      return "";
    }
  };
  const parts = [
    await git("rev-parse", "HEAD"),
    await git("status", "--porcelain"),
    await git("diff", "HEAD", "--", "src", "tests", "kernels", "deno.json"),
    libraryIdentity().build,
  ];
  return sha256(new TextEncoder().encode(parts.join("\0")));
}

function readRows(path: string): KeptRow[] {
  try {
    const { results } = JSON.parse(Deno.readTextFileSync(path));
    return Array.isArray(results) ? results : [];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return [];
    throw error;
  }
}

function replaceFile(path: string, text: string): void {
  Deno.mkdirSync(dirname(path), { recursive: true });
  Deno.writeTextFileSync(`${path}.part`, text);
  Deno.renameSync(`${path}.part`, path);
}
