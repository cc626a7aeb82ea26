// The built files of the dashboard (broker/dashboard), as they lie beside the bundles. They are read when they are asked for: a broker that nobody
// looks at keeps none in memory.
import { readFile } from 'node:fs/promises';
import { GateError } from 'mcpgate-shared/error';

/** Beside the bundle, or where the build puts it for sources that run as they are. */
const FOLDER = new URL(import.meta.url.endsWith('.ts') ? '../../../dist/dashboard/' : './dashboard/', import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

export interface DashboardAsset {
  type: string;
  encoding: 'br' | 'gzip' | undefined;
  body: Buffer;
}

const readIfThere = async (name: string): Promise<Buffer | undefined> => {
  try {
    return await readFile(new URL(name, FOLDER));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
};

/** The page of the app. Throws `unavailable` where the broker was not built with it. */
export async function dashboardPage(): Promise<string> {
  const page = await readIfThere('index.html');
  if (page !== undefined) return page.toString();
  throw new GateError('unavailable', 'the dashboard was not built; `npm run build` builds it');
}

/** A file of the app in the smallest form that `accepted` (Accept-Encoding) allows; undefined where there is none of this name. */
export async function dashboardAsset(name: string, accepted: string): Promise<DashboardAsset | undefined> {
  const [, ending = ''] = /^[\w-][\w.-]*\.([a-z]+)$/.exec(name) ?? [];
  const type = Object.hasOwn(TYPES, ending) ? TYPES[ending] : undefined;
  if (type === undefined) return undefined;
  for (const [encoding, suffix] of [
    ['br', '.br'],
    ['gzip', '.gz'],
  ] as const) {
    if (!new RegExp(`\\b${encoding}\\b(?!\\s*;\\s*q=0(?:\\.0*)?\\s*(?:,|$))`, 'i').test(accepted)) continue;
    const body = await readIfThere(`assets/${name}${suffix}`);
    if (body !== undefined) return { type, encoding, body };
  }
  const body = await readIfThere(`assets/${name}`);
  return body && { type, encoding: undefined, body };
}
