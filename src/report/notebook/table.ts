import { escapeHtml } from "../escape_html.ts";

/** Rows of text below headings. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** A line above it. */
  readonly caption?: string;
}

/** A table as text: columns padded to their widest cell, numbers to the right. */
export function tableText({ columns, rows, caption }: Table): string {
  const cells = [columns, ...rows.map((row) => row.map(String))];
  const widths = columns.map((_, c) => Math.max(...cells.map((row) => (row[c] ?? "").length)));
  const lines = cells.map((row, r) =>
    row.map((cell, c) =>
      r > 0 && typeof rows[r - 1][c] === "number"
        ? cell.padStart(widths[c])
        : cell.padEnd(widths[c])
    ).join("  ").trimEnd()
  );
  return [...(caption === undefined ? [] : [caption]), ...lines].join("\n");
}

/** A table as HTML. Whatever stands in a cell is text there. */
export function tableHtml({ columns, rows, caption }: Table): string {
  const head = columns.map((column) => `<th>${escapeHtml(column)}</th>`).join("");
  const body = rows.map((row) =>
    `<tr>${
      row.map((cell) =>
        typeof cell === "number"
          ? `<td style="text-align:right">${cell}</td>`
          : `<td style="text-align:left">${escapeHtml(cell)}</td>`
      ).join("")
    }</tr>`
  ).join("\n");
  const title = caption === undefined ? "" : `<caption>${escapeHtml(caption)}</caption>`;
  return `<table>${title}<thead><tr>${head}</tr></thead>\n<tbody>${body}</tbody></table>`;
}
