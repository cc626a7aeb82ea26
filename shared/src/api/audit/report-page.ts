// The report as one HTML file, to be read and printed: no script, and nothing is fetched.
import type { Report } from './report.ts';
import type { ReportSection, ReportTable } from './report-tables.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
// oxlint-disable-next-line no-control-regex
const NOT_SHOWN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

const html = (text: string): string =>
  text.replaceAll(NOT_SHOWN, '\uFFFD').replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? character);

const STYLE = `
:root { color-scheme: light; --ink: #1d2430; --soft: #5c6675; --line: #dde2e9; --tint: #f5f7fa; --mark: #2f5d8a; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 3rem 2rem 5rem; color: var(--ink); background: #fff;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; letter-spacing: -.01em; }
h2 { font-size: 1.3rem; line-height: 1.35; margin: 0 0 .5rem; max-width: 48rem; }
h3 { font-size: 1rem; margin: 2rem 0 .5rem; }
p { margin: 0 0 .8rem; max-width: 50rem; }
.soft, .count { color: var(--soft); font-weight: 400; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.5rem; margin: 1.8rem 0 2.2rem; }
.facts dt { color: var(--soft); } .facts dd { margin: 0; overflow-wrap: anywhere; }
nav ol { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--line); }
nav li { border-bottom: 1px solid var(--line); } nav a { display: flex; gap: 1.2rem; padding: .55rem 0; color: inherit; text-decoration: none; }
nav a:hover { color: var(--mark); }
.criterion { color: var(--mark); font-weight: 600; font-variant-numeric: tabular-nums; flex: none; width: 3.6rem; }
section { margin-top: 3.5rem; padding-top: 1.6rem; border-top: 2px solid var(--ink); }
section > .criterion { display: block; margin-bottom: .2rem; }
table { width: 100%; border-collapse: collapse; font-size: .84rem; line-height: 1.4; }
th { text-align: left; font-weight: 600; color: var(--soft); border-bottom: 1px solid var(--ink); padding: .35rem .7rem .35rem 0; vertical-align: bottom; white-space: nowrap; }
td { border-bottom: 1px solid var(--line); padding: .4rem .7rem .4rem 0; vertical-align: top; }
td.long { overflow-wrap: anywhere; min-width: 9rem; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; min-width: 0; padding-right: 1.2rem; }
td.time { white-space: nowrap; font-variant-numeric: tabular-nums; } td.id { font: .74rem/1.55 ui-monospace, Menlo, Consolas, monospace; color: var(--soft); white-space: nowrap; }
.none { color: var(--soft); background: var(--tint); padding: .6rem .9rem; border-radius: 4px; max-width: none; }
/* On a telephone a table moves sideways for itself, and the page does not. */
.wide { overflow-x: auto; }
footer { margin-top: 4rem; color: var(--soft); font-size: .84rem; }
@page { size: A4 landscape; margin: 14mm 12mm 16mm; }
@media (max-width: 40rem) {
  body { padding: 1.5rem 1rem 3rem; } .facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin-bottom: .6rem; }
}
@media print {
  .wide { overflow: visible; }
  body { max-width: none; padding: 0; font-size: 10pt; } section { break-before: page; margin-top: 0; border-top: 0; padding-top: 0; }
  h2, h3, .criterion { break-after: avoid; } tr { break-inside: avoid; } thead { display: table-header-group; }
  table { font-size: 8.2pt; } td.id { font-size: 7pt; } nav a { color: inherit; }
}
`;

export function reportPage(report: Report, sections: readonly ReportSection[]): string {
  const {
    workspace,
    url,
    version,
    since,
    until,
    made_at: madeAt,
    made_by: madeBy,
    left_out: leftOut,
    archives,
  } = report;
  const time = (ts: string): string => `${ts.slice(0, 16).replace('T', ' ')} UTC`;
  const facts = [
    ['Of', `${time(since)} to ${time(until)}`],
    ['Workspace', `${workspace} at ${url}`],
    ['Made', `${time(madeAt)} by ${madeBy}, mcpgate ${version}`],
    [
      'Holds',
      `who may do what now; what was done and changed in that time${archives.length === 0 ? '' : ', as far as the database still has it'}`,
    ],
    ...archives.map(({ name, since: from, until: to, rows }) => [
      'Not in it',
      `what ${name} has: ${rows.toLocaleString('en-US')} rows of ${time(from)} to ${time(to)}`,
    ]),
  ];
  const left =
    leftOut === 0
      ? ''
      : `<p>${leftOut.toLocaleString('en-US')} events are counted under CC7.2 and not shown one by one: readings of the log, refused requests, and the oldest where there are more than 20,000.</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Access report, ${html(workspace)}, ${html(since.slice(0, 10))} to ${html(until.slice(0, 10))}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Access report</h1>
<p class="soft">Who can do what through mcpgate, what they did, and what was changed.</p>
<dl class="facts">${facts.map(([name = '', value = '']) => `<dt>${html(name)}</dt><dd>${html(value)}</dd>`).join('')}</dl>
<nav aria-label="Questions"><ol>${sections
    .map(
      ({ criterion, question }) =>
        `<li><a href="#${html(criterion)}"><span class="criterion">${html(criterion)}</span><span>${html(question)}</span></a></li>`,
    )
    .join('')}</ol></nav>
</header>
<main>
${sections.map(sectionHtml).join('\n')}
</main>
<footer>
${left}
<p>Each record is found again with <code>mcpgate-broker audit show RECORD</code>; that no record was changed or is missing is shown by
<code>mcpgate-broker audit verify</code>, and to somebody who does not trust the broker by <code>mcpgate-audit-verify</code> on an export. The
headings are those of the trust services criteria that the tables under them are evidence for; whether they are met is for the auditor to say.</p>
</footer>
</body>
</html>
`;
}

const sectionHtml = ({
  criterion,
  question,
  answer,
  tables,
}: ReportSection): string => `<section id="${html(criterion)}">
<span class="criterion">${html(criterion)}</span>
<h2>${html(question)}</h2>
<p>${html(answer)}</p>
${tables.map(tableHtml).join('\n')}
</section>`;

const NUMBERS: ReadonlySet<string> = new Set(['Calls', 'Answered', 'Denied', 'Failed', 'Times', 'Version now']);
const TIMES: ReadonlySet<string> = new Set([
  'When (UTC)',
  'First',
  'Last',
  'Last call',
  'Since',
  'On',
  'Ends',
  'Last used',
  'Set on',
]);

/** Their words may be as long as somebody makes them. */
const LONG: ReadonlySet<string> = new Set(['Details', 'What', 'Says', 'Note', 'Tools', 'Who', 'Person', 'Label']);

function tableHtml({ title, columns, rows, none }: ReportTable): string {
  const head = `<h3>${html(title)}${rows.length === 0 ? '' : ` <span class="count">${rows.length.toLocaleString('en-US')}</span>`}</h3>`;
  if (rows.length === 0) return `${head}<p class="none">${html(none)}</p>`;
  const isNumeric = columns.map(
    (name, index) => NUMBERS.has(name) && rows.every((row) => /^[\d,]*$/.test(row[index] ?? '')),
  );
  const classOf = (index: number): string => {
    const name = columns[index] ?? '';
    const kind = isNumeric[index] === true ? 'number' : name === 'Record' ? 'id' : '';
    // `On` is a time in lists of things, and a thing in lists of events.
    const isTime = TIMES.has(name) && rows.every((row) => /^(?:\u2013|\d{4}-.*)?$/.test(row[index] ?? ''));
    if (LONG.has(name)) return ' class="long"';
    return kind !== '' ? ` class="${kind}"` : isTime ? ' class="time"' : '';
  };
  const headings = columns.map((name, index) => `<th scope="col"${classOf(index)}>${html(name)}</th>`).join('');
  const body = rows
    .map((row) => `<tr>${row.map((cell, index) => `<td${classOf(index)}>${html(cell)}</td>`).join('')}</tr>`)
    .join('\n');
  // Whoever has no mouse moves it with the arrow keys once it has the focus.
  return `${head}<div class="wide" role="region" tabindex="0" aria-label="${html(title)}"><table><thead><tr>${headings}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}
