/** An address behind a field that names shards, in YAML or in `--set`. */
const SHARDS = /\bshards["']?\s*[:=]\s*["']?https?:\/\/([^\s"'/]+)/gi;
/** An address that stands alone. */
const ALONE = /^https?:\/\/([^\s"'/]+)/i;
/** A list of further hosts. */
const HOSTS = /\bhosts["']?\s*[:=]\s*\[([^\]]*)\]/g;
/** A name or an address with a port or without. */
const HOST = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?$/;

/**
 * Hosts that a task may reach because the user named them: those of the shards in a recipe's file,
 * in `--set` or as an argument, and those of its `hosts`. Read before the recipe is: the permissions of
 * a process are fixed when it starts. A recipe that is not there is left for the task to complain about.
 *
 * @param args Arguments of the task.
 * @param folder Where relative paths of recipes begin.
 *
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const args = ["smoke", "--set", "data.shards=https://data.example.org/{000..127}.tar"];
 * assert.deepEqual(shardHosts(args), ["data.example.org"]);
 * ```
 */
export function shardHosts(args: readonly string[], folder = "."): string[] {
  const files = args.filter((arg) => /\.ya?ml$/.test(arg))
    .map((path) => readText(path.startsWith("/") ? path : `${folder}/${path}`));
  const hosts = [...files, ...args].flatMap((text) => {
    const plain = text.replace(/^\s*#.*$/gm, "");
    const own = [...plain.matchAll(SHARDS)].map(([, host]) => host);
    const listed = [...plain.matchAll(HOSTS)].flatMap(([, list]) => list.split(","))
      .map((host) => host.trim().replace(/^["']|["']$/g, ""));
    const alone = ALONE.exec(text)?.[1];
    return [...own, ...listed, ...(alone === undefined ? [] : [alone])].map((host) =>
      host.replace(/^.*@/, "")
    );
  });
  return [...new Set(hosts)].filter((host) => HOST.test(host));
}

function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
