// The launcher as a Windows command script. cmd cannot replace itself by another program, so it runs until mcpgate ends.
import type { LauncherContent } from './launcher-sh.ts';

export function launcherCmd({ variables, candidates }: LauncherContent): string {
  const lines = [
    '@echo off',
    'rem Written by `mcpgate install-clients`, which writes it again when needed: AI clients start mcpgate through it.',
    'setlocal',
  ];
  const paths = [...Object.values(variables), ...candidates.nodes, ...candidates.scripts];
  // Without this, cmd reads the file in the machine's legacy code page.
  if (paths.some((path) => /[^\x20-\x7e]/.test(path))) lines.push('chcp 65001 >nul');
  for (const [name, value] of Object.entries(variables))
    lines.push(`if not defined ${name} set "${name}=${escape(value)}"`);
  lines.push('set "MCPGATE_NODE="', 'set "MCPGATE_SCRIPT="');
  lines.push(...candidates.nodes.map((path) => firstThere('MCPGATE_NODE', path)));
  lines.push(...candidates.scripts.map((path) => firstThere('MCPGATE_SCRIPT', path)));
  lines.push(
    'if not defined MCPGATE_NODE (',
    '  echo mcpgate: Node 22.15 or later is not where it was. Install it from https://nodejs.org, then run: mcpgate install-clients 1>&2',
    '  exit /b 1',
    ')',
    'if not defined MCPGATE_SCRIPT (',
    '  echo mcpgate: it is not installed any more where this launcher looks. Run: npm install --global mcpgate, then: mcpgate install-clients 1>&2',
    '  exit /b 1',
    ')',
    '"%MCPGATE_NODE%" "%MCPGATE_SCRIPT%" %*',
    'exit /b %ERRORLEVEL%',
  );
  return lines.map((line) => `${line}\r\n`).join('');
}

const firstThere = (name: string, path: string): string =>
  `if not defined ${name} if exist "${escape(path)}" set "${name}=${escape(path)}"`;

/** A per cent sign starts a variable; a quote cannot be part of a Windows path. */
const escape = (text: string): string => text.replaceAll('%', '%%');
