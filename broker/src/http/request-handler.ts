// What answers the requests of a listener: one thing while the broker starts, another once it serves.
import type { IncomingMessage, ServerResponse } from 'node:http';

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;
