/** Version of this checkout, as `deno.json` has it. */
export function kitVersion(): string {
  try {
    const text = Deno.readTextFileSync(new URL("../../deno.json", import.meta.url));
    return String(JSON.parse(text).version);
  } catch {
    return "unknown";
  }
}
