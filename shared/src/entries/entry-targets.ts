// What an entry or a record starts or connects to, as one word that two spellings of the same server have in common: the address of a URL, the
// package or image that a runner is given, or the program itself. Without versions, paths of one computer, and secrets.
import { replaceReferences } from '../values/secret-reference.ts';
import type { RecordTexts } from '../values/record-texts.ts';

/** Programs that run a package: what they are given says which server it is. */
const RUNNERS = /^(?:npx|bunx|pnpx|pnpm|yarn|npm|uvx|uv|pipx|bun|deno)$/;
const CONTAINERS = /^(?:docker|podman|nerdctl)$/;
/** They run anything; by themselves they say nothing. */
const INTERPRETERS = /^(?:node|python\d?(?:\.\d+)?|ruby|java|dotnet|sh|bash|zsh|cmd|env|powershell|pwsh|ts-node|tsx)$/;
const SUBCOMMANDS = /^(?:dlx|exec|x|run|tool|start)$/;
/** Flags of `docker run` that take no value. */
const BARE_FLAGS = /^(?:-i|-t|-it|-d|--rm|--init|--interactive|--tty|--privileged|--read-only|.*=.*)$/;
/** They only carry messages to a URL that they are given. */
const BRIDGES = /^(?:mcp-remote|supergateway|mcp-proxy|@modelcontextprotocol\/mcp-remote)$/;

/** None, one or a few; texts of the record may refer to secrets. */
export function targetsOf<K extends RecordTexts['kind']>(record: RecordTexts<K>): string[] {
  return TARGETS[record.kind](record);
}

const TARGETS: { readonly [K in RecordTexts['kind']]: (record: RecordTexts<K>) => string[] } = {
  stdio: startedBy,
  http: ({ url }) => addressOf(url),
};

function startedBy(record: RecordTexts<'stdio'>): string[] {
  const program = baseName(record.command);
  if (CONTAINERS.test(program)) return imageOf(record.args);
  const words = RUNNERS.test(program) ? packagesOf(record.args) : [];
  const [first] = words;
  if (first === undefined)
    return INTERPRETERS.test(program) || RUNNERS.test(program) ? [] : [`command:${program.toLowerCase()}`];
  if (BRIDGES.test(first)) return record.args.flatMap((word) => (/^https?:/i.test(word) ? addressOf(word) : []));
  return [`package:${first}`];
}

/** Host and path; a secret in them is one star, whatever it is called. */
function addressOf(url: string): string[] {
  const plain = replaceReferences(url, () => '~');
  if (!URL.canParse(plain)) return [];
  const { host, pathname } = new URL(plain);
  return [`url:${host}${pathname.replace(/\/+$/, '')}`];
}

/** The first operand that is no subcommand, as a package without its version. */
function packagesOf(args: readonly string[]): string[] {
  for (const [index, word] of args.entries()) {
    const before = args[index - 1] ?? '';
    const given = /^(?:--package|--from|-p)(?:=(.+))?$/.exec(word)?.[1];
    if (given !== undefined) return [withoutVersion(given)];
    if (/^(?:--package|--from|-p)$/.test(before)) return [withoutVersion(word)];
    if (word.startsWith('-') || SUBCOMMANDS.test(word)) continue;
    return [withoutVersion(word)];
  }
  return [];
}

const withoutVersion = (name: string): string =>
  name
    .replace(/(?<=.)(?:@|==|~=|>=).*$/, '')
    .replace(/\[.*\]$/, '')
    .toLowerCase();

function imageOf(args: readonly string[]): string[] {
  const start = args.indexOf('run') + 1;
  for (let at = start; at < args.length; at += 1) {
    const word = args[at] ?? '';
    if (!word.startsWith('-')) return [`image:${word.replace(/@sha256:.*$|:[\w.-]+$/, '').toLowerCase()}`];
    if (!BARE_FLAGS.test(word)) at += 1;
  }
  return [];
}

const baseName = (path: string): string =>
  (/[^/\\]*$/.exec(path)?.[0] ?? '').replace(/\.(?:exe|cmd|bat)$/i, '').toLowerCase();
