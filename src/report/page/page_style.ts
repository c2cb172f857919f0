/** The style sheet of a report: one column on a phone, light and dark by the system or by the button. */
export const PAGE_STYLE = `
:root {
  --ground: #ffffff; --card: #f6f8fa; --ink: #1f2328; --faint: #57606a; --grid: #d8dee4;
  --link: #0969da; color-scheme: light;
}
:root[data-theme="dark"] {
  --ground: #0d1117; --card: #161b22; --ink: #e6edf3; --faint: #9da7b3; --grid: #30363d;
  --link: #58a6ff; color-scheme: dark;
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif;
}
main, header { overflow-wrap: anywhere; max-width: 1080px; margin: 0 auto; padding: 0 16px; }
header { display: flex; align-items: center; justify-content: space-between; gap: 12px; }
h1 { font-size: 1.5rem; margin: 20px 0 8px; }
h2 { font-size: 1.15rem; margin: 36px 0 4px; overflow-wrap: anywhere; }
p { color: var(--faint); margin: 4px 0 8px; overflow-wrap: anywhere; }
a { color: var(--link); }
button {
  font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--grid);
  border-radius: 6px; padding: 4px 12px; cursor: pointer;
}
nav { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 8px 0; font-size: 0.9rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; min-width: 680px; font-size: 0.9rem; }
th, td { text-align: left; padding: 6px 10px; border-bottom: 1px solid var(--grid); }
td { overflow-wrap: anywhere; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.figure { min-height: 320px; overflow: hidden; }
details { margin: 4px 0 0; font-size: 0.85rem; color: var(--faint); }
pre { overflow-x: auto; background: var(--card); padding: 10px; border-radius: 6px; }
.problems { border-left: 4px solid #bf8700; padding-left: 12px; }
footer { margin: 40px 0 24px; font-size: 0.85rem; color: var(--faint); }
`;
