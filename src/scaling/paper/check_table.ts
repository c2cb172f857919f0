import type { z } from "zod";
import { describeIssues } from "../../config/describe_issues.ts";

/**
 * Checks a table of a paper.
 *
 * @throws {TypeError} when it does not have the table's fields; every problem has its line.
 */
export function checkTable<T extends z.ZodType>(
  name: string,
  schema: T,
  input: unknown,
): z.infer<T> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const lines = describeIssues(schema, result.error.issues, input);
  throw new TypeError(`${name} is damaged:\n${lines.map((line) => `  ${line}`).join("\n")}`);
}
