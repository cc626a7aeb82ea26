// What is left of a person: tokens that they issued and that work without them, and secrets whose values they know.
import { List, Stack, Text } from '@mantine/core';
import type { Ending } from 'mcpgate-shared/api/people/ending';
import type { ReactNode } from 'react';
import { PathLink } from '../../parts/links.tsx';
import { Ago } from '../../parts/time.tsx';

export const leavesSomething = (ending: Ending): boolean =>
  ending.still_active.length > 0 ||
  ending.secrets.some(({ current }) => current) ||
  ending.alone_on_call.length > 0 ||
  ending.laptops_with_secrets.some(({ current }) => current > 0);

/** Of each secret that they have set the version that is in use, or else the newest of theirs. */
function secretsKnown(secrets: Ending['secrets']): Ending['secrets'] {
  const known = new Map<string, Ending['secrets'][number]>();
  for (const each of secrets) if (each.current || !known.has(each.name)) known.set(each.name, each);
  return [...known.values()];
}

export function KnownThings({ ending }: { ending: Ending }) {
  const { still_active: tokens, secrets, alone_on_call: groups, laptops_with_secrets: laptops } = ending;
  const known = secretsKnown(secrets);
  if (tokens.length + known.length + groups.length + laptops.length === 0)
    return (
      <Text size="sm" c="dimmed">
        Nothing: they issued no token for others, set no secret, and their laptops have told of no secret in clear.
      </Text>
    );
  return (
    <Stack gap="md">
      {tokens.length > 0 && (
        <Part title="Tokens that they issued, and that work without them">
          {tokens.map((token) => (
            <List.Item key={token}>
              {token.startsWith('grant:') ? (
                <PathLink path={`/people?tab=grants&q=${encodeURIComponent(token.slice('grant:'.length))}`}>
                  {token}
                </PathLink>
              ) : (
                token
              )}
            </List.Item>
          ))}
        </Part>
      )}
      {known.length > 0 && (
        <Part title="Secrets that they set, so that they know the value">
          {known.map(({ name, version, current, set_at: at }) => (
            <List.Item key={name}>
              {name}, version {version}, set <Ago at={at} />
              {current ? ': it is in use. Rotate it.' : ': it is not in use any more.'}
            </List.Item>
          ))}
        </Part>
      )}
      {laptops.length > 0 && (
        <Part title="Laptops in whose files tokens of services stand in clear">
          {laptops.map(({ device, tokens: count, current }) => (
            <List.Item key={device}>
              {device}: {count}, of which {current} {current === 1 ? 'is a secret' : 'are secrets'} in use here
            </List.Item>
          ))}
        </Part>
      )}
      {groups.length > 0 && (
        <Part title="Groups of which nobody else is on call">
          {groups.map((group) => (
            <List.Item key={group}>
              <PathLink path={`/people?tab=groups&group=${encodeURIComponent(group)}`}>{group}</PathLink>
            </List.Item>
          ))}
        </Part>
      )}
    </Stack>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      <List size="sm" spacing={2}>
        {children}
      </List>
    </div>
  );
}
