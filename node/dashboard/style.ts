/**
 * The report's style sheet. Behaviours and parts of a round use colours of Okabe and Ito's palette, which people with any
 * common colour blindness can tell apart; they are lightened for dark screens.
 */
export const STYLE = `
:root { color-scheme: light dark;
  --paper: #ffffff; --panel: #f6f7f9; --line: #d9dde3; --ink: #1b2430; --muted: #5b6675; --accent: #0072b2;
  --good: #00664c; --bad: #b3400a;
  --honest: #0072b2; --sign-flip: #d55e00; --free-rider: #cc79a7;
  --training: #0072b2; --network: #56b4e9; --chain: #e69f00; --verification: #009e73; --waiting: #c3c9d2;
  --sent: #0072b2; --received: #56b4e9; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #12161c; --panel: #1b2129; --line: #353e4a; --ink: #e8ecf1; --muted: #a3aebb; --accent: #4aa8e0;
  --good: #3ecfa0; --bad: #ff9457;
  --honest: #4aa8e0; --sign-flip: #ff8a3d; --free-rider: #e3a0c4;
  --training: #2f8fcb; --network: #8fd0f4; --chain: #f0b83a; --verification: #2fbf95; --waiting: #4b5563;
  --sent: #2f8fcb; --received: #8fd0f4; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main, header, footer { max-width: 1180px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 36px; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 6px; }
h2 { font-size: 1.25rem; margin: 44px 0 12px; }
.lead { color: var(--muted); margin: 0; max-width: 75ch; }
.cards { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 14px; margin: 26px 0 0; padding: 0; list-style: none; }
.cards li { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; }
.cards .name { display: block; color: var(--muted); font-size: 0.875rem; }
.cards .value { display: block; font-size: 1.7rem; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
.cards .note { display: block; font-size: 0.875rem; }
.charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 18px; }
figure { margin: 0; padding: 16px 16px 10px; background: var(--panel); border: 1px solid var(--line); border-radius: 10px; break-inside: avoid; min-width: 0; }
figure h3 { font-size: 1rem; margin: 0 0 2px; }
figcaption { color: var(--muted); font-size: 0.875rem; margin: 0 0 8px; }
figure svg { display: block; width: 100%; height: auto; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 0 0 8px; padding: 0; list-style: none; font-size: 0.875rem; }
.legend i { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px; vertical-align: -1px; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 10px; margin: 0 0 18px; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: 10px 12px; }
th, td { padding: 6px 12px; border-top: 1px solid var(--line); text-align: left; white-space: nowrap; vertical-align: top; }
thead th { color: var(--muted); font-weight: 500; background: var(--panel); }
tbody th { font-weight: 600; }
.number { text-align: right; }
td.wide { white-space: normal; min-width: 22ch; }
code { font: 0.85em ui-monospace, SFMono-Regular, Consolas, monospace; }
.passed { color: var(--good); font-weight: 600; }
.failed { color: var(--bad); font-weight: 600; }
.behaviour i { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 7px; }
footer { color: var(--muted); font-size: 0.875rem; padding-top: 20px; padding-bottom: 40px; }
@media screen and (max-width: 820px) { .charts { grid-template-columns: minmax(0, 1fr); } main, header, footer { padding-left: 14px; padding-right: 14px; }
  .cards { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 10px; } .cards .value { font-size: 1.35rem; } figure { padding: 12px 10px 8px; } }
@media print { body { font-size: 11pt; } main, header, footer { max-width: none; padding: 0; } .scroll { overflow: visible; }
  table { font-size: 8pt; } th, td { padding: 3px 5px; white-space: normal; } h2 { break-after: avoid; } tr { break-inside: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`;
