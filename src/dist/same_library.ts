import { ABI_VERSION, nativeLibrary } from "../native/library.ts";
import { agree, type RankGroup } from "./rank_group.ts";

/**
 * Checks that all ranks compute with the same native library, right after they have joined: another
 * build may round differently, and the ranks' weights would drift apart without a sign.
 *
 * @throws {Error} on every rank, naming ABI version and hash of both libraries.
 */
export async function requireSameLibrary(group: RankGroup): Promise<void> {
  const file = Deno.readFileSync(nativeLibrary().path);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", file));
  const name = [...hash.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  await agree(
    group,
    "the native library",
    `ABI ${ABI_VERSION} build ${name}`,
    "run `deno task build` once for all machines, or the same on each, and unset CLIPA_LIBRARY",
  );
}
