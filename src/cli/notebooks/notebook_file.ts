/** An output of a cell, as nbformat 4 stores it. */
export interface NotebookOutput {
  readonly output_type: "display_data" | "execute_result" | "stream" | "error";
  readonly data?: Readonly<Record<string, unknown>>;
  readonly text?: string | readonly string[];
  readonly ename?: string;
  readonly evalue?: string;
  readonly traceback?: readonly string[];
}

/** A cell of a notebook. */
export interface NotebookCell {
  readonly cell_type: "code" | "markdown" | "raw";
  readonly id?: string;
  readonly source: string | readonly string[];
  readonly outputs?: readonly NotebookOutput[];
  readonly execution_count?: number | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A notebook file, nbformat 4. */
export interface Notebook {
  readonly cells: readonly NotebookCell[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly nbformat: number;
  readonly nbformat_minor: number;
}

/** The text of a cell or output, which the format stores as one string or as lines. */
export function textOf(source: string | readonly string[] | undefined): string {
  return typeof source === "string" ? source : (source ?? []).join("");
}

/**
 * Reads a notebook.
 *
 * @throws {SyntaxError} naming the file when it is no notebook of format 4.
 */
export function readNotebook(path: string): Notebook {
  let notebook: Notebook;
  try {
    notebook = JSON.parse(Deno.readTextFileSync(path));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new SyntaxError(`${path} is no notebook (${cause.message}); write it anew`, { cause });
  }
  if (!Array.isArray(notebook?.cells) || notebook.nbformat !== 4) {
    throw new SyntaxError(
      `${path}: seen nbformat ${notebook?.nbformat}; allowed: 4 with a list of cells; save it with ` +
        "a current Jupyter",
    );
  }
  return notebook;
}

/**
 * An executed notebook as it is committed: without times and versions of the machine that ran it, so
 * that a second execution changes nothing but results.
 */
export function normalise(notebook: Notebook): Notebook {
  return {
    cells: notebook.cells.map((cell, i) => ({
      ...cell,
      id: `cell-${String(i).padStart(2, "0")}`,
      metadata: Object.fromEntries(
        Object.entries(cell.metadata).filter(([key]) => key !== "execution"),
      ),
    })),
    metadata: {
      kernelspec: { display_name: "Deno", language: "typescript", name: "deno" },
      language_info: { name: "typescript", file_extension: ".ts" },
    },
    nbformat: 4,
    nbformat_minor: 5,
  };
}
