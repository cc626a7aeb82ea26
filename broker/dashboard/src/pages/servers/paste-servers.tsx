// Servers from the file of an AI client: pasted, looked at, and only then added.
import { Stack, Textarea } from '@mantine/core';
import { useState } from 'react';
import { z } from 'zod';
import { LookThenAdd } from './look-then-add.tsx';
import classes from './servers.module.css';

const EXAMPLE = `{
  "mcpServers": {
    "github": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-github"],
      "env": { "GITHUB_PERSONAL_ACCESS_TOKEN": "ghp_…" }
    }
  }
}`;

const Servers = z.record(z.string(), z.record(z.string(), z.unknown()));

/** The servers in what was pasted: a whole file, its part, or nothing but the servers. */
function serversIn(text: string): { servers?: z.output<typeof Servers>; problem?: string } {
  if (text.trim() === '') return {};
  let pasted: unknown;
  try {
    pasted = JSON.parse(text);
  } catch {
    return { problem: 'This is not JSON yet: paste the whole file, or all between its outer braces.' };
  }
  const file = z
    .object({ mcpServers: Servers })
    .or(z.object({ servers: Servers }))
    .safeParse(pasted);
  if (file.success) return { servers: 'mcpServers' in file.data ? file.data.mcpServers : file.data.servers };
  const alone = Servers.safeParse(pasted);
  return alone.success
    ? { servers: alone.data }
    : { problem: 'There are no servers in it: they stand under "mcpServers".' };
}

export function PasteServers({ onDone }: { onDone: () => void }) {
  const [text, setText] = useState('');
  const { servers, problem } = serversIn(text);
  return (
    <Stack>
      <Textarea
        label="What stands in the file"
        description="Of Claude Code, Cursor, VS Code or another client. Tokens in it go into the vault, and nothing of them stays here."
        placeholder={EXAMPLE}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        error={problem}
        autosize
        minRows={12}
        maxRows={22}
        spellCheck={false}
        autoComplete="off"
        classNames={{ input: classes['text'] ?? '' }}
        data-autofocus
      />
      <LookThenAdd
        servers={servers}
        onDone={() => {
          setText('');
          onDone();
        }}
      />
    </Stack>
  );
}
