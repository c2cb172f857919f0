/** What one output holds: the same content in several forms, of which a viewer takes the best it knows. */
export interface Bundle {
  readonly "text/plain": string;
  readonly "text/html"?: string;
  readonly "text/markdown"?: string;
  /** Base64. */
  readonly "image/png"?: string;
  readonly "application/vnd.plotly.v1+json"?: object;
}

/** The Jupyter kernel that runs this code. */
export interface Kernel {
  /** Sends a message to every front end that looks at the notebook. */
  broadcast(type: string, content: Readonly<Record<string, unknown>>): Promise<void>;
}

/** The kernel, when this code runs in a notebook; null in an ordinary program. */
export function notebookKernel(): Kernel | null {
  try {
    const { jupyter } = Deno as unknown as { jupyter?: Kernel };
    return typeof jupyter?.broadcast === "function" ? jupyter : null;
  } catch {
    // Outside `deno jupyter` the property may complain that it is asked for.
    return null;
  }
}

/**
 * Time that the kernel needs to send what is pending. It reports a cell as finished before its outputs
 * are out; executors then lose them or file them under the next cell. So whatever writes an output
 * waits this long.
 */
const FLUSH_MS = 50;

/** Waits until outputs written before are on their way; outside a notebook there is nothing to wait for. */
export function flush(): Promise<void> {
  if (notebookKernel() === null) return Promise.resolve();
  return new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
}
