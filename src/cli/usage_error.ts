/** Wrong usage of a command: the process ends with exit status 2. */
export class UsageError extends Error {
  override name = "UsageError";
}
