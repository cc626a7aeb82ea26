// The one stylesheet of the pages, served from memory. Colours are tokens; dark follows the system.

export const STYLESHEET = `
:root {
  color-scheme: light dark;
  --bg: #f5f6f8; --surface: #ffffff; --ink: #14181f; --muted: #565f6d; --line: #dde1e7; --field: #ffffff; --field-line: #8a94a3;
  --accent: #2450d8; --accent-hover: #1b3fb0; --on-accent: #ffffff; --accent-soft: #ecf1ff; --focus: #2450d8;
  --danger: #b3261e; --danger-soft: #fdecea; --warn-ink: #6b4400; --warn-soft: #fff5df; --warn-line: #ecd09a;
  --ok: #17683a; --ok-soft: #e6f5ec; --code: #f0f2f6;
  --shadow: 0 1px 2px rgb(16 24 40 / 6%), 0 8px 24px rgb(16 24 40 / 7%);
  --mono: ui-monospace, 'SF Mono', SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace;
  --sans: system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #0e1116; --surface: #171b22; --ink: #e8ebf0; --muted: #a2abb8; --line: #2a313c; --field: #0f1319; --field-line: #6c7786;
    --accent: #7aa2ff; --accent-hover: #99b8ff; --on-accent: #0b1020; --accent-soft: #1b2540; --focus: #9bb8ff;
    --danger: #ff9a92; --danger-soft: #35191a; --warn-ink: #f3d49a; --warn-soft: #2c2416; --warn-line: #564420;
    --ok: #7fd6a2; --ok-soft: #14291d; --code: #0f1319;
    --shadow: 0 1px 2px rgb(0 0 0 / 40%), 0 8px 24px rgb(0 0 0 / 30%);
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; display: flex; flex-direction: column;
  background: var(--bg); color: var(--ink); font: 16px/1.55 var(--sans);
}
.top { display: flex; align-items: center; justify-content: space-between; gap: 16px; padding: 18px 24px; }
.brand {
  display: inline-flex; align-items: center; gap: 10px; color: var(--ink); font-weight: 650; font-size: 17px;
  letter-spacing: -0.01em; text-decoration: none;
}
.brand svg { width: 28px; height: 28px; color: var(--accent); flex: none; }
.who { display: flex; align-items: center; gap: 14px; margin: 0; color: var(--muted); font-size: 14px; }
.who button { white-space: nowrap; }
.who strong { color: var(--ink); font-weight: 600; }
main { flex: 1; width: 100%; max-width: 472px; margin: 0 auto; padding: 28px 20px 48px; }
main.wide { max-width: 760px; }
main:focus { outline: none; }
.bottom { padding: 18px 24px 26px; text-align: center; color: var(--muted); font-size: 13px; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow); padding: 32px; }
.card + .card { margin-top: 20px; }
h1 { margin: 0 0 8px; font-size: 25px; line-height: 1.25; letter-spacing: -0.02em; text-wrap: balance; }
h2 { margin: 0 0 12px; font-size: 17px; letter-spacing: -0.01em; }
p { margin: 0 0 16px; }
.lead { color: var(--muted); margin-bottom: 24px; }
.card > :last-child, .alert > :last-child, .note > :last-child { margin-bottom: 0; }
a { color: var(--accent); text-underline-offset: 3px; }
a:hover { color: var(--accent-hover); }
form { margin: 0; }
.field { margin-bottom: 18px; }
.field label { display: block; margin-bottom: 6px; font-weight: 600; font-size: 15px; }
.hint { margin: 0 0 6px; color: var(--muted); font-size: 14px; }
.problem { margin: 6px 0 0; color: var(--danger); font-size: 14px; font-weight: 500; }
input[type='text'], input[type='password'] {
  width: 100%; min-height: 46px; padding: 10px 13px; border: 1px solid var(--field-line); border-radius: 9px;
  background: var(--field); color: var(--ink); font: inherit;
}
input[aria-invalid='true'] { border-color: var(--danger); box-shadow: inset 0 0 0 1px var(--danger); }
input.code {
  min-height: 60px; text-align: center; text-transform: uppercase; letter-spacing: 0.14em;
  font: 600 25px/1 var(--mono);
}
input.code::placeholder { color: var(--muted); opacity: 0.6; }
button, .button {
  display: inline-flex; align-items: center; justify-content: center; min-height: 46px; padding: 10px 20px; border-radius: 9px;
  border: 1px solid transparent; background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600;
  text-decoration: none; cursor: pointer;
}
button:hover, .button:hover { background: var(--accent-hover); color: var(--on-accent); }
button.full, .button.full { width: 100%; }
.button + .button { margin-left: 10px; }
button.quiet, .button.quiet { background: transparent; border-color: var(--field-line); color: var(--ink); }
button.quiet:hover, .button.quiet:hover { background: var(--code); color: var(--ink); }
button.text { min-height: 0; padding: 4px 6px; background: none; color: var(--accent); font-weight: 500; text-decoration: underline; text-underline-offset: 3px; }
button.text:hover { background: none; color: var(--accent-hover); }
.or { display: flex; align-items: center; gap: 12px; margin: 20px 0; color: var(--muted); font-size: 14px; }
.or::before, .or::after { content: ''; flex: 1; border-top: 1px solid var(--line); }
.fold { margin-top: 20px; } .fold summary { color: var(--muted); font-size: 14px; cursor: pointer; } .fold form { margin-top: 18px; }
.choices { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; margin-top: 24px; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
.skip { position: absolute; left: -9999px; top: 8px; padding: 10px 16px; background: var(--surface); border-radius: 8px; z-index: 1; }
.skip:focus { left: 12px; }
.alert, .note { padding: 13px 16px; margin: 0 0 20px; border-radius: 10px; border: 1px solid transparent; font-size: 15px; }
.alert { background: var(--danger-soft); color: var(--danger); border-color: currentColor; font-weight: 500; }
.note.ok { background: var(--ok-soft); color: var(--ok); }
.note.warn { background: var(--warn-soft); color: var(--warn-ink); border-color: var(--warn-line); }
.note p, .alert p { margin-bottom: 4px; }
.usercode {
  display: block; margin: 4px 0 22px; padding: 16px; border-radius: 10px; background: var(--accent-soft); text-align: center;
  font: 650 30px/1.1 var(--mono); letter-spacing: 0.12em;
}
.facts { margin: 0 0 22px; border-top: 1px solid var(--line); }
.facts div { display: grid; grid-template-columns: 116px 1fr; gap: 12px; padding: 11px 0; border-bottom: 1px solid var(--line); }
.facts dt { color: var(--muted); font-size: 15px; }
.facts dd { margin: 0; font-weight: 550; overflow-wrap: anywhere; }
.facts small, .devices small { display: block; color: var(--muted); font-weight: 400; font-size: 14px; }
.mark { display: grid; place-items: center; width: 52px; height: 52px; margin-bottom: 18px; border-radius: 50%; background: var(--ok-soft); color: var(--ok); }
.mark.off { background: var(--danger-soft); color: var(--danger); }
.mark svg { width: 26px; height: 26px; }
pre.command {
  margin: 0 0 14px; padding: 13px 16px; border: 1px solid var(--line); border-radius: 9px; background: var(--code); color: var(--ink);
  font: 14px/1.5 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; user-select: all; -webkit-user-select: all;
}
.devices { margin: 0; padding: 0; list-style: none; }
.devices li { display: flex; justify-content: space-between; gap: 16px; padding: 12px 0; border-top: 1px solid var(--line); }
.devices li:first-child { border-top: 0; padding-top: 0; }
.devices li:last-child { padding-bottom: 0; }
.devices strong { font-weight: 600; overflow-wrap: anywhere; }
.devices .when { text-align: right; white-space: nowrap; color: var(--muted); font-size: 14px; }
.devices .when button { padding-right: 0; }
[hidden] { display: none !important; }
.spaced { margin-bottom: 24px; } .hint.below { margin: 12px 0 0; }
.badge { padding: 2px 9px; border-radius: 99px; background: var(--accent-soft); color: var(--accent); font-size: 13px; font-weight: 600; vertical-align: 3px; margin-left: 6px; letter-spacing: 0; }
.after { margin-top: 18px; color: var(--muted); font-size: 14px; text-align: center; text-wrap: balance; }
@media (max-width: 480px) {
  .top { padding: 14px 18px; } .card { padding: 24px 20px; } main { padding-top: 12px; }
  .facts div { grid-template-columns: 1fr; gap: 2px; } .choices { grid-template-columns: 1fr; }
  .devices li { flex-direction: column; gap: 2px; } .devices .when { text-align: left; }
}
@media (forced-colors: active) { button, .button, .card { border-color: CanvasText; } }
`.trimStart();
