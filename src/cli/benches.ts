import type { Bench } from "./bench/bench.ts";
import { dataBuild } from "./bench/data_build.ts";

/** Every benchmark, in the order of the README's table. */
export const BENCHES: readonly Bench[] = [dataBuild];
