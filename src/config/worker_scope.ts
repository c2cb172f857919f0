/**
 * What a worker's module sees of its own thread. Typed here because the usual way, a triple-slash
 * directive for `deno.worker`, changes the globals of whoever imports the package, and a registry
 * refuses that.
 */
export interface WorkerScope<Request, Reply> {
  onmessage: ((event: MessageEvent<Request>) => void) | null;
  /** `transfer` lists memory that is handed over instead of copied. */
  postMessage(message: Reply, transfer?: Transferable[]): void;
}

/** The scope of the worker that runs this; a module of the main thread must not call it. */
export function workerScope<Request, Reply>(): WorkerScope<Request, Reply> {
  return globalThis as unknown as WorkerScope<Request, Reply>;
}
