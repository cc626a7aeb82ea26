// Writes `docs/configuration.md` from the schema: `node broker/src/config/reference.ts > docs/configuration.md`.
import type { Flag } from './key.ts';
import { CONFIG_KEYS, type ConfigKey } from './key-list.ts';
import { asWritten } from './written-value.ts';

const HEAD = `# Configuration

\`mcpgate-broker start --config FILE\` reads a YAML file. Every key has a default, so no file is needed; a flag beats the
environment, which beats the file, which beats the default. A mistake stops the start with \`FILE:LINE: key: what is wrong\` and
exit code 2; unknown keys are mistakes too. Secrets do not belong here: set them with \`mcpgate-broker secret set\`.

This page is written from the schema (\`broker/src/config/schema.ts\`) by \`broker/src/config/reference.ts\`.
`;

function section(key: ConfigKey): string {
  const facts = [
    `form: ${key.form.name}`,
    key.default === undefined ? undefined : `default: \`${asWritten(key.default)}\``,
    key.example === undefined ? undefined : `example: \`${asWritten(key.example)}\``,
    key.flag === undefined ? undefined : `flag: \`${flagInCapitals(key.flag)}\``,
    key.env === undefined ? undefined : `environment: \`${key.env}\``,
    key.reloads === true ? 'changes: by a [reload](operations.md#reload)' : 'changes: by a restart',
  ].filter((fact) => fact !== undefined);
  return `## \`${key.path.join('.')}\`\n\n${key.description}\n\n${facts.map((fact) => `- ${fact}`).join('\n')}\n`;
}

/** `--behind-proxy <cidr...>` as `--behind-proxy CIDR…`. */
const flagInCapitals = ({ syntax }: Flag): string =>
  syntax.replace(/<(.+?)(\.\.\.)?>/, (_, word: string, many?: string) => word.toUpperCase() + (many ? '…' : ''));

/** The whole page. */
export function configurationReference(): string {
  const example = [
    'listen: 127.0.0.1:7717',
    'public_url: https://mcp.example.com',
    'behind_proxy: [127.0.0.1]',
    'log:',
    '  level: info',
  ];
  return [
    HEAD,
    `\`\`\`yaml\n${example.join('\n')}\n\`\`\`\n`,
    ...CONFIG_KEYS.map(section),
    '## Metrics\n\n`/metrics` is served on the same listener as everything else. It holds counts and states, no names of people and no\narguments, and is for the addresses of `metrics.allow` alone.\n',
  ].join('\n');
}

if (import.meta.main) process.stdout.write(configurationReference());
