/** Runs a program; exit status (127 when there is none of that name) and what it printed. */
export type RunProgram = (
  program: string,
  args: readonly string[],
  cwd?: string,
) => Promise<{ code: number; output: string }>;

/** Runs a program of the system to its end, without input. */
export const runProgram: RunProgram = async (program, args, cwd) => {
  try {
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args: [...args],
      cwd,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
    const decoder = new TextDecoder();
    return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { code: 127, output: "" };
    throw error;
  }
};
