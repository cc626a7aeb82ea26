// How JSON bodies are read wherever Fastify reads them: with one reading, and not deeper than so much. `/mcp` reads its messages itself.
import type { FastifyInstance } from 'fastify';
import { GateError } from 'mcpgate-shared/error';
import { severalReadings, tooManyLevels } from '../mcp/several-readings.ts';

/**
 * Takes the place of Fastify's parser for `types` in the scope and those below it. `refused` makes the error of a body that is JSON and is not taken,
 * `notJson` that of one which is none; undefined leaves Fastify's. `mayBeEmpty`: a body without a byte is none.
 */
export function readJsonBodies(
  scope: FastifyInstance,
  {
    types = ['application/json'],
    refused = (why) => new GateError('usage', why),
    notJson,
    mayBeEmpty = false,
  }: {
    types?: string[];
    refused?: (why: string) => GateError;
    notJson?: () => GateError;
    mayBeEmpty?: boolean;
  } = {},
): void {
  const parse = scope.getDefaultJsonParser('error', 'error');
  scope.removeContentTypeParser(types);
  scope.addContentTypeParser(types, { parseAs: 'string' }, (request, body, done) => {
    const text = String(body);
    if (mayBeEmpty && text === '') return done(null, undefined);
    const deep = tooManyLevels(text);
    if (deep !== undefined) return done(refused(deep));
    void parse(request, text, (error, value) => {
      if (error) return done(notJson?.() ?? error);
      const twice = severalReadings(text);
      if (twice !== undefined) return done(refused(twice));
      done(null, value);
    });
  });
}
