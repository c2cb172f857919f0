import { basename, resolve } from "node:path";
import { z } from "zod";
import { writeWhole } from "../../checkpoint/safetensors.ts";
import { checkLicense } from "./write_card.ts";

const count = z.int().min(0);
const reportSchema = z.object({
  // Names from a file never lead out of its folder.
  shards: z.array(z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/)).min(1),
  samples: count,
  skipped: z.array(z.object({ reason: z.string(), count })),
});

/**
 * Writes the README.md of a folder of packed shards from its `shards.json` and the shards themselves,
 * in Hugging Face's layout for data sets. Names of the source's files are left out.
 *
 * @returns the path of the file.
 * @throws {Error} when the folder holds no packed shards, or one of them is missing.
 *
 * @example
 * ```ts ignore
 * writeDataCard("shards/mine", "cc-by-4.0");
 * ```
 */
export function writeDataCard(dir: string, license: string | null = null): string {
  checkLicense(license);
  const folder = dir.replace(/(?<=.)\/+$/, "");
  const { shards, samples, skipped } = readReport(folder);
  const bytes = shards.map((name) => sizeOf(`${folder}/${name}`));
  const total = bytes.reduce((sum, size) => sum + size, 0);
  const lines = [
    "---",
    ...(license === null ? [] : [`license: ${license}`]),
    "task_categories: [zero-shot-image-classification]",
    "tags: [webdataset]",
    "---",
    "",
    `# ${basename(resolve(folder))}`,
    "",
    `${
      samples.toLocaleString("en")
    } pictures with captions in ${shards.length} webdataset shards, ` +
    `${
      total.toLocaleString("en")
    } bytes. A sample is \`key.png\`, \`.jpg\` or \`.webp\` as it was found, ` +
    "`key.txt` (the caption) and `key.json` (where it was found).",
    "",
    "## Left out",
    "",
    ...(skipped.length === 0 ? ["Nothing."] : [
      "| reason | pictures |",
      "| --- | --- |",
      ...skipped.map((row) => `| ${row.reason.replace(/[|\\\n]/g, " ")} | ${row.count} |`),
    ]),
    "",
    "## Files",
    "",
    "| shard | bytes |",
    "| --- | --- |",
    ...shards.map((name, i) => `| ${name} | ${bytes[i]} |`),
  ];
  const path = `${folder}/README.md`;
  writeWhole(path, [new TextEncoder().encode(lines.join("\n") + "\n")]);
  return path;
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Error(`${path} is missing, but shards.json names it; pack the shards again`, {
      cause,
    });
  }
}

function readReport(folder: string): z.infer<typeof reportSchema> {
  const path = `${folder}/shards.json`;
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Error(`${path} is missing; pack the shards with "deno task shards"`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`${path} is not JSON; pack the shards again`, { cause });
  }
  const { success, data, error } = reportSchema.safeParse(value);
  if (success) return data;
  const [{ path: field, message }] = error.issues;
  throw new SyntaxError(
    `${path}: ${field.join(".") || "content"}: ${message}; pack the shards again`,
  );
}
