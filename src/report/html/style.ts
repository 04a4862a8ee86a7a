/** The page's style sheet. Charts keep a white card in the dark too: their colours are chosen for white. */
export const STYLE = `
:root { color-scheme: light dark; --page: #f6f6f4; --ink: #1d1d1f; --muted: #5f6368; --card: #fff; --line: #e2e2df;
  --bar: #dfe5eb; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --page: #17181a; --ink: #ececec; --muted: #a3a7ad; --card: #212326;
  --line: #37393d; --bar: #39434d; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", Roboto,
  "DejaVu Sans", sans-serif; overflow-wrap: break-word; }
main { max-width: 792px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 1rem; font-weight: 600; color: var(--muted); margin: 0; }
h2 { font-size: 1.05rem; margin: 44px 0 10px; }
p { margin: 6px 0; }
.answer { font-size: 1.65rem; line-height: 1.25; font-weight: 650; margin: 6px 0 10px; text-wrap: balance; }
.muted, .muted td { color: var(--muted); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 6px 16px; overflow-x: auto; }
figure { margin: 0; }
figure.card { background: #fff; color: #1d1d1f; padding: 8px 14px; }
figure svg { display: block; max-width: 100%; height: auto; }
.narrow { display: none; }
@media (max-width: 759px) {
  main { padding: 18px 10px 40px; }
  .answer { font-size: 1.3rem; }
  .card { padding: 4px 10px; }
  figure.card { padding: 4px; }
  .wide { display: none; }
  .narrow { display: block; }
}
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 500; color: var(--muted); white-space: nowrap; }
th, td { padding: 7px 10px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; white-space: nowrap; }
.name { min-width: 5em; overflow-wrap: anywhere; }
.facts td:first-child { width: 30%; min-width: 9em; overflow-wrap: anywhere; }
.first td { font-weight: 600; }
td:first-child, td:last-child { min-width: 4em; }
.range { color: var(--muted); font-weight: 400; font-size: 0.92em; }
.bad { color: var(--bad); }
.chip { display: inline-block; width: 0.7em; height: 0.7em; border-radius: 2px; margin-right: 0.45em; }
.bar { display: block; height: 4px; margin-top: 3px; border-radius: 2px; background: var(--bar); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; margin: 8px 0; font-size: 0.9rem; }
dt { color: var(--muted); }
dd { margin: 0; }
ul { padding-left: 1.2em; margin: 8px 0; font-size: 0.9rem; }
li { margin: 4px 0; }
summary { cursor: pointer; color: var(--muted); font-size: 0.9rem; margin: 10px 0 6px; }
@media print { body { background: #fff; } .card { break-inside: avoid; } }
`;
