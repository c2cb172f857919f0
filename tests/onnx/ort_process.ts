// A process of its own for the tests: tries libraries in turn, or counts memory over many sessions.
import { libraryPath } from "../../src/native/library.ts";
import { NativeError } from "../../src/native/native_error.ts";
import { ortSymbols } from "../../src/native/ort_symbols.ts";
import { openOrt } from "../../src/onnx/ort_library.ts";
import { OrtSession } from "../../src/onnx/ort_session.ts";
import { doublingModel } from "../../src/run/bench/ort_health.ts";

async function attempt(action: () => void | Promise<void>): Promise<string> {
  try {
    await action();
    return "ok";
  } catch (error) {
    return error instanceof NativeError ? `${error.code} ${error.message}` : `${error}`;
  }
}

/**
 * Resident memory after each of some rounds of `cycles` sessions: opened, run once, disposed.
 *
 * All calls are made from this thread: on the threads of nonblocking calls the allocator keeps memory of
 * its own for each, and what that is changes from round to round.
 */
function roundsOfSessions(rounds: number, cycles: number): number[] {
  openOrt();
  const blocking = Object.fromEntries(
    Object.entries(ortSymbols).map(([name, { parameters }]) => [
      name,
      { parameters, result: "i32" as const },
    ]),
  );
  const { symbols } = Deno.dlopen(libraryPath(), blocking);
  const libc = Deno.dlopen("libc.so.6", { malloc_trim: { parameters: ["usize"], result: "i32" } });
  const model = doublingModel();
  const params = new Uint8Array(new Int32Array([32, 1, 1, 0, 0, 0, 0, 0]).buffer);
  const out = new BigUint64Array(1);
  const x = new Uint8Array(new Float32Array([1, 2, 3]).buffer);
  const dims = new BigInt64Array([1n, 3n]);
  const call = (name: string, ...values: unknown[]) => {
    const status = (symbols as unknown as Record<string, (...values: unknown[]) => number>)[name](
      ...values,
    );
    if (status !== 0) throw new Error(`${name} gave ${status}`);
  };
  return Array.from({ length: rounds }, () => {
    for (let i = 0; i < cycles; i++) {
      call("clipa_ort_session_create", params, null, model, BigInt(model.length), out);
      const session = out[0];
      call("clipa_ort_session_open", session);
      call("clipa_ort_run_create", session, out);
      const run = out[0];
      call("clipa_ort_run_input", run, 0n, 1, dims, 2n, x, 12n);
      call("clipa_ort_run_execute", run);
      call("clipa_ort_run_destroy", run);
      call("clipa_ort_session_destroy", session);
    }
    (globalThis as { gc?: () => void }).gc?.();
    libc.symbols.malloc_trim(0n);
    return Deno.memoryUsage().rss;
  });
}

const [command, ...values] = Deno.args;
if (command === "libraries") {
  const answers: string[] = [];
  for (const path of values) answers.push(await attempt(() => openOrt(path)));
  answers.push(
    await attempt(async () => {
      using session = await OrtSession.open(doublingModel(), { threads: 1 });
      const { y } = await session.run({ x: { data: new Float32Array([1, 2, 3]), shape: [1, 3] } });
      if (y.data[2] !== 6) throw new Error("wrong answer");
    }),
  );
  answers.push(await attempt(() => openOrt(values[0])));
  console.log(JSON.stringify(answers));
} else if (command === "cycles") {
  console.log(JSON.stringify(roundsOfSessions(Number(values[0]), Number(values[1]))));
} else {
  // Sessions left open when the process ends.
  await OrtSession.open(doublingModel(), { threads: 2 });
  console.log(JSON.stringify("left open"));
}
