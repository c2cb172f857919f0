/**
 * The device that ranks are launched for: of `--device` on either side of the `--`, else `CLIPA_DEVICE`,
 * else the CPU. The set-up asks too: ranks on GPUs need no MPI.
 *
 * ```ts
 * launchDevice(["--ranks", "2", "--", "train", "--device", "cuda"], undefined); // "cuda"
 * launchDevice(["--device=cuda", "--", "train"], undefined); // "cuda"
 * launchDevice(["--", "train"], undefined); // "cpu"
 * ```
 *
 * @param args Arguments of `launch`.
 * @param variable Value of `CLIPA_DEVICE`.
 */
export function launchDevice(args: readonly string[], variable: string | undefined): string {
  const at = args.findLastIndex((arg) => arg === "--device" || arg.startsWith("--device="));
  if (at < 0) return variable || "cpu";
  return args[at] === "--device" ? args[at + 1] ?? "" : args[at].slice("--device=".length);
}
