/// The page's style: light and dark, from 400 pixels of width on.
enum PageStyle {
    static let text = #"""
        :root {
          color-scheme: light dark;
          --back: #f6f7f9; --card: #ffffff; --line: #dfe3e8; --text: #1c2430; --dim: #5d6877;
          --accent: #0b62c4; --good: #12753a; --warn: #9a5b00; --bad: #b3261e; --mark: #fff3d1; --code: #f0f2f5;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --back: #11151b; --card: #191f27; --line: #2c3541; --text: #e4e9f0; --dim: #97a3b3;
            --accent: #6cb0ff; --good: #5fd08a; --warn: #f0b454; --bad: #ff8a80; --mark: #453a17; --code: #12171e;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0; background: var(--back); color: var(--text);
          font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
        }
        a { color: var(--accent); text-decoration: none; }
        a:hover { text-decoration: underline; }
        :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
        header {
          display: flex; flex-wrap: wrap; align-items: center; gap: 4px 20px; padding: 10px 20px;
          background: var(--card); border-bottom: 1px solid var(--line); position: sticky; top: 0; z-index: 2;
        }
        .brand { font-weight: 700; font-size: 17px; color: var(--text); }
        nav { display: flex; gap: 4px; }
        nav a { padding: 4px 10px; border-radius: 6px; color: var(--dim); }
        nav a.here { background: var(--code); color: var(--text); font-weight: 600; }
        #status { margin-left: auto; color: var(--dim); font-size: 13px; overflow-wrap: anywhere; }
        #status::before { content: "●"; margin-right: 6px; color: var(--warn); }
        #status.live::before { color: var(--good); }
        #status.lost::before { color: var(--bad); }
        main { max-width: 1320px; margin: 0 auto; padding: 18px 20px 60px; }
        h1 { font-size: 20px; margin: 4px 0 12px; overflow-wrap: anywhere; }
        h2 { font-size: 15px; margin: 22px 0 8px; }
        .dim { color: var(--dim); }
        .note { color: var(--dim); padding: 18px; text-align: center; }
        .card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
        .card + .card { margin-top: 14px; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; }
        th, td { padding: 7px 14px; text-align: left; vertical-align: middle; }
        th { color: var(--dim); font-weight: 500; font-size: 13px; white-space: nowrap; }
        tbody tr { border-top: 1px solid var(--line); }
        td.name { overflow-wrap: anywhere; font-weight: 600; }
        .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        .mono { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        .state { display: inline-block; padding: 1px 8px; border-radius: 10px; font-size: 13px; background: var(--code); }
        .state.good { color: var(--good); }
        .state.warn { color: var(--warn); }
        .state.bad { color: var(--bad); }
        svg.trend { display: inline-block; vertical-align: middle; width: 84px; height: 22px; }
        svg.trend polyline { fill: none; stroke: var(--accent); stroke-width: 1.5; }
        .heading { display: flex; flex-wrap: wrap; align-items: center; gap: 2px 14px; padding: 12px 14px; }
        .heading b { font-size: 16px; overflow-wrap: anywhere; }
        .tools { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; margin: 0 0 10px; }
        .tools label { display: inline-flex; gap: 6px; align-items: center; color: var(--dim); font-size: 14px; }
        details.group > summary { cursor: pointer; list-style: none; }
        details.group > summary::-webkit-details-marker { display: none; }
        details.group > summary::before { content: "▸"; color: var(--dim); }
        details.group[open] > summary::before { content: "▾"; }
        button.order { border: 0; background: none; padding: 0; color: inherit; font: inherit; }
        button, select, input[type=number], input[type=search] {
          font: inherit; font-size: 14px; color: var(--text); background: var(--card); padding: 4px 10px;
          border: 1px solid var(--line); border-radius: 6px;
        }
        input[type=number] { width: 120px; }
        button { cursor: pointer; }
        button:hover { border-color: var(--accent); }
        button[aria-pressed=true] { border-color: var(--accent); color: var(--accent); font-weight: 600; }
        details.message { border-top: 1px solid var(--line); }
        details.message:first-child { border-top: 0; }
        details.message > summary {
          display: grid; grid-template-columns: 12px 104px 84px minmax(60px, 180px) minmax(0, 1fr); gap: 0 12px;
          align-items: baseline; padding: 7px 14px; cursor: pointer; list-style: none;
        }
        details.message > summary::-webkit-details-marker { display: none; }
        details.message > summary::before { content: "▸"; color: var(--dim); }
        details.message[open] > summary::before { content: "▾"; }
        details.message > summary:hover { background: var(--code); }
        .cut { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
        .body { padding: 4px 14px 16px 38px; }
        .members { padding: 4px 14px 14px; border-top: 1px solid var(--line); }
        .body h3, .members h3 { font-size: 13px; color: var(--dim); font-weight: 500; margin: 12px 0 4px; }
        .body h3 button { padding: 0 8px; font-size: 12px; }
        pre {
          margin: 0; padding: 10px 12px; background: var(--code); border-radius: 6px; overflow: auto; max-height: 460px;
          white-space: pre-wrap; overflow-wrap: anywhere;
        }
        .operation { font-weight: 700; font-size: 12px; letter-spacing: 0.03em; text-transform: uppercase; }
        .create, .read { color: var(--good); }
        .update { color: var(--warn); }
        .delete, .truncate, .abort { color: var(--bad); }
        .commit { color: var(--good); }
        table.change { width: auto; min-width: 50%; border: 1px solid var(--line); border-radius: 6px; }
        table.change td, table.change th { padding: 4px 12px; overflow-wrap: anywhere; }
        table.change td:first-child { white-space: nowrap; }
        .facts { color: var(--dim); font-size: 13px; }
        tr.changed td { background: var(--mark); }
        @media (max-width: 640px) {
          header { padding: 8px 12px; gap: 4px 10px; }
          nav a { padding: 4px 7px; }
          #status { margin-left: 0; width: 100%; }
          main { padding: 12px 10px 40px; }
          th, td { padding: 7px 8px; }
          .wide { display: none; }
          details.message > summary { grid-template-columns: 12px auto auto 1fr; padding: 7px 10px; }
          details.message > summary .value {
            grid-column: 2 / -1; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2;
            white-space: normal; overflow-wrap: anywhere;
          }
          table.change td, table.change th { padding: 4px 8px; }
          .body { padding: 4px 10px 14px; }
          table.change { width: 100%; }
        }

        """#
}
