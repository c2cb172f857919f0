import type { Bench, BenchResult } from "../bench/bench.ts";
import { describeMachine } from "../bench/machine.ts";
import type { Command } from "../command.ts";
import { describeError } from "../describe_error.ts";

/** `deno task bench`: the measured numbers of the README, one after the other. */
export function benchCommand(
  loadBenches: (device: string) => Promise<readonly Bench[]>,
  loadProjections: () => Promise<readonly Bench[]> = () => Promise.resolve([]),
): Command {
  return {
    name: "bench",
    summary: "Measure speed on this machine",
    options: {
      only: { kind: "values", value: "PREFIX", help: "Only names with this prefix" },
      device: {
        kind: "value",
        help: "cpu, cuda or cuda:<index>; none means CLIPA_DEVICE, else cpu",
      },
      project: {
        kind: "flag",
        help: "Instead: the papers' steps on an A100 and an H100 on paper, from assumptions",
      },
      peers: { kind: "flag", help: "Also measure JAX and PyTorch, installed when missing" },
    },
    async run({ arguments: args, env, signal }) {
      const only = args.values("only");
      const device = args.value("device") ?? (env("CLIPA_DEVICE") || "cpu");
      const benches = args.flag("project") ? await loadProjections() : await loadBenches(device);
      const wanted = selectBenches(benches, only);
      const context = {
        device,
        peers: args.flag("peers"),
        signal,
        env,
      };
      const results: BenchResult[] = [];
      const failed: { names: readonly string[]; error: string }[] = [];
      for (const { names, run } of wanted) {
        signal.throwIfAborted();
        console.error(`bench  ${names.join(", ")}`);
        try {
          results.push(...(await run(context)).filter(({ name }) => matches(name, only)));
        } catch (cause) {
          if (signal.aborted) throw cause;
          // The others took their time; what they measured is kept.
          const error = describeError(cause, env("CLIPA_DEBUG") === "1");
          console.error(`bench  ${names.join(", ")} FAILED: ${error}`);
          failed.push({ names, error });
        }
      }
      return {
        code: failed.length === 0 ? 0 : 1,
        json: { machine: describeMachine(), results, failed },
        text: formatResults(results),
      };
    },
  };
}

/**
 * The benchmarks that measure something asked for; all of them when nothing is asked for.
 *
 * @throws {RangeError} if a prefix fits none.
 */
export function selectBenches(benches: readonly Bench[], only: readonly string[]): Bench[] {
  for (const prefix of only) {
    if (!benches.some((bench) => offers(bench, prefix))) {
      const names = benches.flatMap((bench) => bench.names).join(", ");
      throw new RangeError(`--only ${prefix}: no such benchmark; allowed: prefixes of ${names}`);
    }
  }
  return benches.filter((bench) =>
    only.length === 0 || only.some((prefix) => offers(bench, prefix))
  );
}

/** A group may name prefixes itself, so either may be the longer one. */
function offers(bench: Bench, prefix: string): boolean {
  return bench.names.some((name) => name.startsWith(prefix) || prefix.startsWith(name));
}

function matches(name: string, only: readonly string[]): boolean {
  return only.length === 0 || only.some((prefix) => name.startsWith(prefix));
}

function formatResults(results: readonly BenchResult[]): string {
  const width = Math.max(0, ...results.map(({ name }) => name.length));
  return results.map(({ name, value, unit, low, high, note }) =>
    `${name.padEnd(width)}  ${digits(value)} ${unit}  (${digits(low)} to ${digits(high)})  ${note}`
  ).join("\n");
}

function digits(value: number): string {
  return Math.abs(value) >= 1000 ? value.toFixed(0) : value.toPrecision(3);
}
