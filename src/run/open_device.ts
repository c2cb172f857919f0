import { type Environment, readRanks } from "../dist/ranks.ts";
import { NativeContext } from "../native/context.ts";
import { nameOf } from "../native/device.ts";
import { useDevice } from "../native/library.ts";

/** The name with an index where it is `cuda` alone: the number of this rank on its machine. */
export function rankDevice(name: string, env: Environment): string {
  return name === "cuda" ? `cuda:${readRanks(env).localRank}` : name;
}

/**
 * Chooses the device of this process before anything else happens, and opens it once: a machine that
 * cannot run CUDA says so before data is prepared. Returns the name of the very device.
 *
 * ```ts
 * openDevice("cpu", () => undefined); // "cpu"
 * ```
 *
 * @param name `cpu`, `cuda:<index>`, or `cuda`: the one whose index is the rank's number on its machine.
 * @throws {RangeError} for any other name.
 * @throws {Error} when the library is not built, or the process has loaded that of the other kind.
 * @throws {NativeError} without a driver, with one that is too old, and without that device.
 */
export function openDevice(name: string, env: Environment): string {
  const device = useDevice(rankDevice(name, env));
  if (device.kind === "cuda") {
    using _context = new NativeContext({ threads: 1 });
  }
  return nameOf(device);
}
