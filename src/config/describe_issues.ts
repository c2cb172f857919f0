import type { z } from "zod";
import { formatPath } from "./field_path.ts";
import { nearest } from "./nearest.ts";
import { schemaKeys } from "./schema_keys.ts";

type Issue = z.core.$ZodIssue;

/** Lines that help; a file that has more of them is not what it was taken for. */
const MOST = 40;

/**
 * One line for each thing that is wrong, up to 40: the field's path, what was seen, what is allowed. An
 * unknown key names the nearest known one and where that belongs.
 *
 * @param input the value that was checked.
 */
export function describeIssues(
  schema: z.ZodType,
  issues: readonly Issue[],
  input: unknown,
): string[] {
  const lines: string[] = [];
  for (const issue of issues) {
    lines.push(...describeIssue(schema, issue, input, []));
    if (lines.length > MOST) {
      return [...lines.slice(0, MOST), "and more: this is another kind of file"];
    }
  }
  return lines;
}

function describeIssue(
  schema: z.ZodType,
  issue: Issue,
  input: unknown,
  prefix: readonly PropertyKey[],
): string[] {
  const path = [...prefix, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.slice(0, MOST + 1).map((key) => describeUnknownKey(schema, path, key));
  }
  if (issue.code === "invalid_union") {
    // The alternative with the fewest complaints is the one that was meant.
    const [closest] = [...issue.errors].sort((a, b) => a.length - b.length);
    return (closest ?? []).flatMap((inner) => describeIssue(schema, inner, input, path));
  }
  return [
    `${formatPath(path)}: seen ${formatValue(valueAt(input, path))}; allowed: ${allowed(issue)}`,
  ];
}

function describeUnknownKey(schema: z.ZodType, path: readonly PropertyKey[], key: string): string {
  const here = path.map((part) => typeof part === "number" ? "0" : String(part));
  const known = schemaKeys(schema);
  const siblings = known
    .filter((keys) => keys.length === here.length + 1 && here.every((part, i) => keys[i] === part))
    .map((keys) => keys.at(-1) as string);
  const seen = `unknown key ${formatPath([...path, key])}`;
  const sibling = nearest(key, siblings);
  if (sibling !== undefined) return `${seen}; nearest: ${formatPath([...path, sibling])}`;
  const like = known.some((keys) => keys.at(-1) === key)
    ? key
    : nearest(key, known.map((keys) => keys.at(-1) as string));
  const elsewhere = known.find((keys) => keys.at(-1) === like);
  const place = elsewhere === undefined ? "" : `; nearest: ${formatPath(numbered(elsewhere))}`;
  return `${seen}${place}; allowed here: ${[...new Set(siblings)].join(", ")}`;
}

function numbered(keys: readonly string[]): PropertyKey[] {
  return keys.map((key) => key === "0" ? 0 : key);
}

function allowed(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPE_NAMES[issue.expected] ?? issue.expected;
    case "invalid_value":
      return issue.values.map((value) => JSON.stringify(value)).join(", ");
    case "too_small":
      return `${bound(issue.origin)} ${
        issue.inclusive === false ? "above" : "of at least"
      } ${issue.minimum}`;
    case "too_big":
      return `${bound(issue.origin)} ${
        issue.inclusive === false ? "below" : "of at most"
      } ${issue.maximum}`;
    default:
      return issue.message;
  }
}

const TYPE_NAMES: Record<string, string> = {
  int: "a whole number",
  number: "a number",
  string: "a text",
  boolean: "true or false",
  object: "named fields",
  array: "a list",
  tuple: "a list",
};

function bound(origin: string): string {
  return origin === "array" || origin === "string" ? "a length" : "a number";
}

function formatValue(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key],
    input,
  );
}
