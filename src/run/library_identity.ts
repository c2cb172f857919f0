import { sha256 } from "../checkpoint/safetensors.ts";
import { ABI_VERSION, nativeLibrary } from "../native/library.ts";
import { kitVersion } from "./kit_version.ts";
import type { LibraryIdentity } from "./run_state.ts";

let known: LibraryIdentity | undefined;

/** What computes in this process. */
export function libraryIdentity(): LibraryIdentity {
  return known ??= {
    abi: ABI_VERSION,
    build: sha256(Deno.readFileSync(nativeLibrary().path)),
    kit: kitVersion(),
  };
}

/**
 * Compares the library that wrote a checkpoint with the one that goes on.
 *
 * @returns What differs, in a sentence, or null; another build computes the same, but perhaps not to
 *   the bit.
 * @throws {Error} when the ABI versions differ: numbers may then mean something else.
 */
export function compareLibraries(
  saved: LibraryIdentity | undefined,
  here: LibraryIdentity,
): string | null {
  if (saved === undefined) return null;
  if (saved.abi !== here.abi) {
    throw new Error(
      `the checkpoint was written by kit ${saved.kit} with library ABI ${saved.abi}; this is kit ` +
        `${here.kit} with ABI ${here.abi}; go on with kit ${saved.kit}, or start anew with another --out`,
    );
  }
  if (saved.build === here.build) return null;
  return `the checkpoint was written with another build of the native library ` +
    `(${saved.build.slice(0, 12)}, kit ${saved.kit}; here ${here.build.slice(0, 12)}, kit ` +
    `${here.kit}); what follows may differ in the last bits from a run that was not interrupted`;
}
