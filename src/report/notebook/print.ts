import { flush, notebookKernel } from "./kernel.ts";

/** Prints lines below the cell of a notebook, or on the terminal, and waits until they are out. */
export async function print(...lines: readonly (string | number)[]): Promise<void> {
  const text = lines.map(String).join("\n");
  const kernel = notebookKernel();
  if (kernel === null) {
    console.log(text);
    return;
  }
  await kernel.broadcast("stream", { name: "stdout", text: `${text}\n` });
  await flush();
}
