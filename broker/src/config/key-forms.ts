// The forms that values in the configuration have: what may be written, what it is turned into, and what the error says to write instead.
import { isIP } from 'node:net';
import { formatByteSize, parseByteSize } from 'mcpgate-shared/byte-size';
import { z } from 'zod';
import { parseDurationMs } from 'mcpgate-shared/duration';
import { form } from './key.ts';
import { parseListenAddress } from './listen-address.ts';

/** A relative path is relative to the folder of the configuration file, or, from a flag or the environment, to the working directory. */
export const path = form('path', z.string().min(1, 'write a path'));

/** One of these words. */
export const choice = <const Word extends string>(...words: Word[]) => form(words.join(' | '), z.enum(words));

export const yesOrNo = form('true | false', z.boolean());

const cidrSchema = z.string().refine(isCidr, 'write an address or a range, as 10.0.0.0/8');

/** IP addresses and ranges; at least `min` of them. */
export const cidrs = (min = 0) => form('list of CIDR', z.array(cidrSchema).min(min, 'write at least one address'));

function isCidr(text: string): boolean {
  const [address, prefix, ...rest] = text.split('/');
  const family = isIP(address ?? '');
  if (family === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}

/** Node cannot hold much longer texts in one string. */
const SIZE_MAX_BYTES = 256 * 1024 * 1024;

const durationSchema = (never?: 'never') =>
  z.string('write a duration such as 30s, 15m, 8h or 90d').transform((text, context) => {
    if (text === never) return Infinity;
    const ms = parseDurationMs(text);
    if (ms !== undefined && ms > 0) return ms;
    context.addIssue({ code: 'custom', message: `"${text}" is not a duration; write 30s, 15m, 8h or 90d` });
    return z.NEVER;
  });

/** Milliseconds. */
export const duration = form('duration', durationSchema());

/** Milliseconds; `never` is Infinity. */
export const durationOrNever = form('duration | never', durationSchema('never'));

export const count = form('number', z.int('write a whole number').min(1, 'write a number of 1 or more').max(100_000));

/** Bytes. */
export const size = (minBytes: number) =>
  form(
    'size',
    z.string('write a size such as 16MiB').transform((text, context) => {
      const bytes = parseByteSize(text);
      if (bytes !== undefined && bytes >= minBytes && bytes <= SIZE_MAX_BYTES) return bytes;
      const bounds = `${formatByteSize(minBytes)} to ${formatByteSize(SIZE_MAX_BYTES)}`;
      context.addIssue({ code: 'custom', message: `"${text}" is not a size of ${bounds}; write 16MiB` });
      return z.NEVER;
    }),
  );

export const listenAddress = form(
  'HOST:PORT',
  z.string().transform((text, context) => {
    const address = parseListenAddress(text);
    if (address !== undefined) return address;
    context.addIssue({ code: 'custom', message: 'write HOST:PORT, as 127.0.0.1:7717' });
    return z.NEVER;
  }),
);

const originSchema = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const fits = url !== undefined && (url.protocol === 'http:' || url.protocol === 'https:') && url.pathname === '/';
  if (fits && url.search === '' && url.hash === '' && url.username === '' && url.password === '') return url.origin;
  context.addIssue({
    code: 'custom',
    message: `"${text}" is not an origin; write scheme and host only, as https://mcp.example.com`,
  });
  return z.NEVER;
});

export const origin = form('origin', originSchema);
export const origins = form('list of origins', z.array(originSchema));

export const httpsUrl = form(
  'https URL',
  z.string().refine((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    return (
      url?.protocol === 'https:' && url.search === '' && url.hash === '' && url.username === '' && url.password === ''
    );
  }, 'write an address that starts with https://, without query and password'),
);

export const databaseUrl = form(
  'URL',
  z
    .string()
    .regex(
      /^(postgres|postgresql|sqlite):/,
      'write postgres://USER@HOST/NAME, or leave it out for the embedded SQLite file',
    ),
);
