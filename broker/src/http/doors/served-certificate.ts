// The certificate that the listener shows: taken from its files at the start, and again whenever they hold another pair that fits. Connections that are
// open go on as they are; new ones get the new one. The files are looked at by their content, so that it does not matter whether somebody writes them,
// renames others over them, or turns a symbolic link (certbot, secrets of Kubernetes).
import { Server as TlsServer } from 'node:https';
import type { Server } from 'node:http';
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import { expiryProblem, readTlsFiles, type TlsFiles, type TlsPair } from '../../config/tls-files.ts';
import type { Log } from '../../domain/log.ts';

/** How soon a renewed file is seen. */
const LOOK_MS = 5_000;

export type TakenCertificate = { kind: 'taken'; fingerprint: string; expiresAt: number } | { kind: 'same' };

export interface ServedCertificate {
  /** Looks now; from other files from now on where some are given. Throws `config` where they do not fit: the one before is shown on. */
  look(files?: TlsFiles): TakenCertificate;
  close(): void;
}

export function createServedCertificate(options: {
  server: Server;
  files: TlsFiles | undefined;
  clock: Clock;
  log: Pick<Log, 'info' | 'warn'>;
}): ServedCertificate {
  const { server, clock, log } = options;
  let files = options.files;
  let shown: TlsPair | undefined = files && readTlsFiles(files);
  let told: string | undefined;
  const problem = files && shown && expiryProblem(files, shown, clock.now());
  if (problem !== undefined) log.warn({}, `${problem}: clients will refuse it`);

  function look(from: TlsFiles): TakenCertificate {
    const pair = readTlsFiles(from);
    files = from;
    if (shown?.cert.equals(pair.cert) === true && shown.key.equals(pair.key)) return { kind: 'same' };
    const expired = expiryProblem(from, pair, clock.now());
    if (expired !== undefined) throw new GateError('config', `${expired}; the one before is shown on`);
    if (!(server instanceof TlsServer))
      throw new GateError('config', 'tls: the broker was started without it; restart it');
    server.setSecureContext({ cert: pair.cert, key: pair.key });
    shown = pair;
    told = undefined;
    const { fingerprint, expiresAt } = pair;
    log.info({ fingerprint, expires: new Date(expiresAt).toISOString() }, 'the renewed certificate is shown');
    return { kind: 'taken', fingerprint, expiresAt };
  }

  /** What does not fit yet may be half written: it is told when it is still so at the next look. */
  let doubted: string | undefined;
  function watch(): void {
    try {
      if (files !== undefined) look(files);
      doubted = undefined;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (doubted === why && told !== why) {
        told = why;
        log.warn({}, `${why}; the certificate from before is shown on`);
      }
      doubted = why;
    }
    cancel = clock.after(LOOK_MS, watch);
  }
  let cancel = files === undefined ? () => undefined : clock.after(LOOK_MS, watch);

  return {
    look(other) {
      const from = other ?? files;
      return from === undefined ? { kind: 'same' } : look(from);
    },
    close: () => cancel(),
  };
}
