import { sha256 } from "../../checkpoint/safetensors.ts";
import { libraryPath } from "../../native/library.ts";
import type { RowOrigin } from "./sweep_row.ts";

/**
 * Where rows are made: the commit and whether there are changes besides results, the native library,
 * the machine.
 *
 * @param root Folder of the repository.
 * @param host Processor and threads of each run.
 */
export async function rowOrigin(root: string, host: RowOrigin["host"]): Promise<RowOrigin> {
  const commit = await git(root, ["rev-parse", "HEAD"]);
  // The sweep itself adds to the results.
  const changes = await git(root, ["status", "--porcelain", "--", ".", ":!notebooks/results"]);
  return {
    commit: commit?.trim() ?? null,
    dirty: changes === null ? null : changes !== "",
    library: sha256(Deno.readFileSync(libraryPath())),
    host,
  };
}

/** What git prints; null when there is no git or no checkout. */
async function git(cwd: string, args: string[]): Promise<string | null> {
  try {
    const { code, stdout } = await new Deno.Command("git", { args, cwd, stderr: "null" }).output();
    return code === 0 ? new TextDecoder().decode(stdout) : null;
  } catch {
    return null;
  }
}
