// One `mcpgate serve` as a launched MCP server: JSON-RPC lines in, JSON-RPC lines out.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { parseJSONRPCMessage } from '@modelcontextprotocol/server';

export interface ServeCommand {
  readonly command: readonly [string, ...string[]];
  readonly env: Record<string, string>;
}

export interface ServeProcess {
  send(message: JSONRPCMessage): void;
  /** Ends its stdin, which ends it. */
  close(): Promise<void>;
}

/** Starts it. `onMessage` gets each of its lines; `onEnd` is told when it ended. */
export function startServeProcess(
  { command: [program, ...args], env }: ServeCommand,
  onMessage: (message: JSONRPCMessage) => void,
  onEnd: () => void,
): ServeProcess {
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('close', () => resolve());
  });
  void ended.then(onEnd);
  child.stdin.on('error', () => undefined); // it ended: `onEnd` says so
  createInterface({ input: child.stdout }).on('line', (line) => onMessage(parseJSONRPCMessage(JSON.parse(line))));
  return {
    send: (message) => void child.stdin.write(`${JSON.stringify(message)}\n`),
    close() {
      child.stdin.end();
      return ended;
    },
  };
}
