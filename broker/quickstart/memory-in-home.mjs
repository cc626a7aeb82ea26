// Runs the memory server with its file in HOME, which the broker gives each person's process: `node memory-in-home.mjs INDEX.js`.
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

process.env.MEMORY_FILE_PATH = join(homedir(), 'memory.json');
await import(pathToFileURL(process.argv[2] ?? '').href);
