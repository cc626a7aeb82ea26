// The server of 2026-07-28 over stdio. Arguments: `dual` also speaks what was before; what it notes goes to stderr.
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { createModernServer } from './modern-server.ts';

const isDual = process.argv.includes('dual');
serveStdio(() => createModernServer({ grown: new Set(), note: (what) => void process.stderr.write(`${what}\n`) }), {
  legacy: isDual ? 'serve' : 'reject',
});
