/** Tells the user, on stderr, what the set-up is doing; one line a step. */
export function report(step: string, message: string): void {
  console.error(`set-up  ${step.padEnd(8)}  ${message}`);
}

/** A set-up step that cannot go on; its message ends with what the user can do about it. */
export class SetupError extends Error {
  override name = "SetupError";
}
