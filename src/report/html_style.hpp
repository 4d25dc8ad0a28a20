// The look of the HTML report, light and dark. Used by html_report.cpp alone.
#pragma once

namespace envforge::report {

inline constexpr const char* kStyle =
    R"(:root { color-scheme: light dark; --ink: #1c2128; --soft: #59636e; --paper: #fff; --line: #d1d9e0; --panel: #f6f8fa;
  --good: #1a7f37; --bad: #cf222e; --warn: #9a6700; --model: #e3e8ee; --allowed: #dbe9dd;
  --s0: #2f6fbd; --s1: #c2571a; --s2: #2b8a57; --s3: #8250df; --s4: #b3306b; --s5: #0f7f8f; --s6: #7a6a00; --s7: #57606a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --paper: #0d1117; --line: #30363d;
  --panel: #161b22; --good: #3fb950; --bad: #ff7b72; --warn: #d29922; --model: #21262d; --allowed: #1d3324;
  --s0: #6cb0ff; --s1: #f0883e; --s2: #56d364; --s3: #bc8cff; --s4: #ff7eb6; --s5: #4fd1d9; --s6: #d6c04a; --s7: #8b949e; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1000px; padding: 24px; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 22px; margin: 0 0 4px; } h2 { font-size: 17px; margin: 32px 0 8px; } h3 { font-size: 14px; margin: 16px 0 4px; }
p { margin: 4px 0; } .soft { color: var(--soft); } code, pre { font: 13px/1.4 ui-monospace, Menlo, Consolas, monospace; }
.verdict { display: inline-block; font-weight: 700; text-transform: uppercase; }
.pass { color: var(--good); } .degraded { color: var(--warn); } .skipped { color: var(--soft); }
.fail, .crashed, .hung, .error { color: var(--bad); }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: 5px 10px 5px 0;
  border-bottom: 1px solid var(--line); } th { font-weight: 600; color: var(--soft); font-size: 13px; }
td.n, th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.verdict, td.gpu { white-space: nowrap; } td.id { white-space: nowrap; font: 13px/1.6 ui-monospace, Menlo, Consolas, monospace; }
.box { background: var(--panel); border: 1px solid var(--line); border-left: 4px solid var(--bad); padding: 10px 14px; margin: 10px 0; }
.box.degraded { border-left-color: var(--warn); color: inherit; } .box.bad { color: inherit; }
details { margin: 2px 0; } summary { cursor: pointer; } dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; }
svg { width: 100%; height: auto; display: block; margin: 8px 0; } svg text { font: 12px system-ui, Helvetica, Arial, sans-serif; fill: var(--ink); }
svg .value { fill: var(--soft); } svg .end { text-anchor: end; } svg .middle { text-anchor: middle; }
.model { fill: var(--model); } .allowed { fill: var(--allowed); } .tick { stroke: var(--ink); stroke-width: 1.5; }
.whisker { stroke: var(--ink); stroke-width: 2; opacity: .7; } .grid { stroke: var(--line); } .curve { fill: none; stroke-width: 2; }
.s0 { --c: var(--s0); } .s1 { --c: var(--s1); } .s2 { --c: var(--s2); } .s3 { --c: var(--s3); }
.s4 { --c: var(--s4); } .s5 { --c: var(--s5); } .s6 { --c: var(--s6); } .s7 { --c: var(--s7); }
.bar, .dot { fill: var(--c); } .curve { stroke: var(--c); } .bar.slow { fill: var(--warn); }
@media print { body { max-width: none; padding: 0; } details > * { display: block; } }
)";

}  // namespace envforge::report
