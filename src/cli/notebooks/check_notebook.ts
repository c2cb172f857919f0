import { type Notebook, type NotebookOutput, textOf } from "./notebook_file.ts";

/** The forms in which a figure must be there, so that every kind of viewer shows it. */
const FIGURE_FORMS = [
  "application/vnd.plotly.v1+json",
  "text/html",
  "image/png",
  "text/plain",
] as const;

/** A call that shows something and therefore must have left an output. */
const SHOWS = /\bawait (?:show|print|trainInNotebook)\(|\.finish\(\)/;

/**
 * What is wrong with an executed notebook; an empty list when nothing is.
 *
 * Checked are: no error, an output for every cell that shows something, all four forms of each figure,
 * plotly.js once at most, no path of the machine that ran it.
 *
 * @param folders Folders of this machine that no output may name.
 */
export function checkNotebook(notebook: Notebook, folders: readonly string[] = []): string[] {
  const problems: string[] = [];
  const code = notebook.cells.filter(({ cell_type }) => cell_type === "code");
  if (code.length === 0) problems.push("there is no code cell");
  let libraries = 0;
  code.forEach((cell, i) => {
    const name = `code cell ${i + 1}`;
    const outputs = cell.outputs ?? [];
    if (cell.execution_count == null) problems.push(`${name} was not executed`);
    if (SHOWS.test(textOf(cell.source)) && outputs.length === 0) {
      problems.push(`${name} shows something, yet its output is missing`);
    }
    for (const output of outputs) {
      if (output.output_type === "error") {
        problems.push(`${name} failed: ${output.ename}: ${output.evalue}`);
      }
      problems.push(...missingForms(output).map((form) => `${name}: a figure lacks ${form}`));
      const text = JSON.stringify(output);
      if (text.includes("window.clipaPlotly ??=")) libraries++;
      for (const folder of folders) {
        if (text.includes(folder)) problems.push(`${name}: an output names ${folder}`);
      }
    }
  });
  if (libraries > 1) problems.push(`plotly.js is in ${libraries} outputs; once is enough`);
  return problems;
}

function missingForms({ data }: NotebookOutput): string[] {
  if (data === undefined || !(FIGURE_FORMS[0] in data)) return [];
  return FIGURE_FORMS.filter((form) => !(form in data));
}
