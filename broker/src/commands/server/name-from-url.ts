// The name of a server that is added by its URL alone.
import { isIP } from 'node:net';

/** Labels that say what stands there, and not whose it is. */
const GENERIC = new Set(['mcp', 'www', 'api', 'sse', 'server', 'remote']);
/** Second labels below which others have their names (`example.co.uk`), and hosts that are everybody's. */
const NOBODYS = new Set([
  'co',
  'com',
  'org',
  'net',
  'gov',
  'ac',
  'edu',
  'vercel',
  'workers',
  'pages',
  'netlify',
  'fly',
  'render',
  'herokuapp',
  'onrender',
  'ngrok',
]);

/** `https://mcp.example.com/mcp`: `example`. Undefined where it could be called in another way as well. */
export function nameFromUrl(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { hostname } = new URL(url);
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) return undefined;
  const labels = hostname.split('.');
  while (labels.length > 2 && GENERIC.has(labels[0] ?? '')) labels.shift();
  const [name = '', , ...more] = labels;
  if (labels.length !== 2 || more.length > 0 || NOBODYS.has(name) || GENERIC.has(name)) return undefined;
  return /^(?!xn--)[a-z0-9-]{1,24}$/.test(name) ? name : undefined;
}
