// What a database is called in messages.
import { GateError } from 'mcpgate-shared/error';

/** `NAME at HOST:PORT` of a database URL, without user and password. Throws `config` where it is no PostgreSQL URL. */
export function databaseName(url: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    // Without the error as its cause: that holds the whole text, with the password.
    throw new GateError('config', 'DATABASE_URL is not a URL; write postgres://USER:PASSWORD@HOST:PORT/DATABASE');
  }
  if (parsed.protocol !== 'postgres:' && parsed.protocol !== 'postgresql:') {
    throw new GateError('config', `DATABASE_URL must start with postgres://, not ${parsed.protocol}//`);
  }
  const host = parsed.hostname || parsed.searchParams.get('host') || 'localhost';
  return `${decodeURIComponent(parsed.pathname.slice(1)) || 'postgres'} at ${host}:${parsed.port || '5432'}`;
}
