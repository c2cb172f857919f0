/**
 * Calls every function of the native library with arguments that are wrong, in the process of
 * `every_entry_test.ts`'s child, and prints what each answered: `deno run -A every_entry.ts LIBRARY`.
 *
 * @module
 */
import { symbols } from "../../src/native/symbols.ts";

/** What a function was given and answered. */
export interface Answer {
  readonly name: string;
  readonly calls: number;
  /** Calls that were answered with 0, which says that all went well. */
  readonly fine: number;
  /** Answers that are no status of the header. */
  readonly unknown: readonly number[];
}

type Argument = bigint | number | Uint8Array<ArrayBuffer> | null;
type Call = (...args: Argument[]) => number | Promise<number>;

const BYTES = 4096;
/** No handle; of no generation; of a first generation at a place never reached; far ones. */
const WORDS = [0n, 99n, (1n << 32n) + 77_777n, 2n ** 63n, 2n ** 64n - 1n];
/** At most what the memory has. */
const SIZES = [0n, 1n, 8n, BigInt(BYTES)];
const NUMBERS = [0, 1, -1, 2 ** 31 - 1];
/** Last status of `clipa_status`. */
const STATUSES = 7;

/** Every function of a library with wrong arguments; each call twice, since the first may leave something. */
export async function callAll(path: string): Promise<Answer[]> {
  const library = Deno.dlopen(path, symbols);
  const handles = [...WORDS, ...staleHandles(library.symbols)];
  const answers: Answer[] = [];
  for (const [name, { parameters }] of Object.entries(symbols)) {
    const call = library.symbols[name as keyof typeof symbols] as unknown as Call;
    let calls = 0, fine = 0;
    const unknown: number[] = [];
    for (const args of argumentLists(name, parameters, handles)) {
      for (let again = 0; again < 2; again++) {
        const status = await call(...args);
        calls++;
        if (status === 0) fine++;
        if (!(status >= 0 && status <= STATUSES)) unknown.push(status);
      }
    }
    answers.push({ name, calls, fine, unknown });
  }
  library.close();
  return answers;
}

/** Handles of a context, a buffer and a scratch map that were good and are gone. */
function staleHandles(library: Deno.DynamicLibrary<typeof symbols>["symbols"]): bigint[] {
  const made = (create: (out: BigUint64Array<ArrayBuffer>) => number) => {
    const out = new BigUint64Array(1);
    if (create(out) !== 0) throw new Error("no handle was given");
    return out[0];
  };
  const params = new Int32Array([16, 0, 1, 0]);
  const context = made((out) => library.clipa_context_create(params, out));
  const buffer = made((out) => library.clipa_buffer_create(context, 64n, out));
  const map = made((out) => library.clipa_map_scratch(64n, out));
  if (new Set([context, buffer, map]).size < 3) throw new Error("handles of two kinds are equal");
  library.clipa_buffer_destroy(buffer);
  library.clipa_context_destroy(context);
  library.clipa_map_close(map);
  return [context, buffer, map];
}

function* argumentLists(
  name: string,
  types: readonly string[],
  handles: readonly bigint[],
): Generator<Argument[]> {
  // The first word is a handle, or a size where no handle comes first; later ones are sizes or handles.
  const handleFirst = types[0] === "u64" && name !== "clipa_map_scratch";
  for (const handle of handleFirst ? handles : [0n]) {
    for (const memory of [false, true]) {
      for (const size of SIZES) {
        for (const number of NUMBERS) {
          yield types.map((type, i) => {
            if (type === "buffer") return memory ? new Uint8Array(BYTES) : null;
            if (type === "u64") return i === 0 && handleFirst ? handle : size;
            return type === "u32" ? number >>> 0 : number;
          });
        }
      }
    }
  }
}

if (import.meta.main) console.log(JSON.stringify(await callAll(Deno.args[0])));
