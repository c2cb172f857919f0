/** State of a source tree. */
export interface SourceVersion {
  /** Commit; null where it is not under version control. */
  readonly commit: string | null;
  /** Whether files differ from that commit. */
  readonly dirty: boolean | null;
}

/** Asks git for the state of the source tree at `root`. */
export async function sourceVersion(root: string): Promise<SourceVersion> {
  const commit = await git(root, ["rev-parse", "HEAD"]);
  if (commit === null) return { commit: null, dirty: null };
  const changes = await git(root, ["status", "--porcelain", "--untracked-files=no"]);
  return { commit, dirty: changes === null ? null : changes !== "" };
}

async function git(root: string, args: readonly string[]): Promise<string | null> {
  try {
    const { code, stdout } = await new Deno.Command("git", {
      args: ["-C", root, ...args],
      stdout: "piped",
      stderr: "null",
    }).output();
    return code === 0 ? new TextDecoder().decode(stdout).trim() : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
