// The conformance server over stdio; the first message decides which generation it speaks.
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { createConformanceServer } from './conformance-server.ts';

serveStdio(() => createConformanceServer());
