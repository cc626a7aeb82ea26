// Reloads what can be changed while the broker runs: the configuration's keys that are marked so, and the certificate. A file with a mistake changes
// nothing. Either is in the log.
import type { ReloadReport } from 'mcpgate-shared/api/reload/reload';
import { GateError } from 'mcpgate-shared/error';
import type { Logger } from 'pino';
import type { Audit } from '../../audit/audit.ts';
import type { Config, ReloadedConfig } from '../../config/load-config.ts';
import type { TlsFiles } from '../../config/tls-files.ts';
import type { Actor } from '../../domain/people/receipt.ts';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';

export interface Reload {
  /** The configuration as it holds now. */
  readonly now: Config;
  /** Throws `config` where the configuration or the certificate has a mistake: both are as before then. */
  run(by: Actor): Promise<ReloadReport>;
}

export function createReload(parts: {
  config: Config;
  /** Reads all sources of the configuration again. */
  read: (before: Config) => ReloadedConfig;
  /** What the listener shows: looks at the files again. */
  certificate: { look(files?: TlsFiles): { kind: 'taken'; fingerprint: string } | { kind: 'same' } };
  audit: Pick<Audit, 'event'>;
  log: Pick<Logger, 'info' | 'warn' | 'level'>;
}): Reload {
  const { audit, log } = parts;
  let now = parts.config;

  async function record(
    type: 'config.reloaded' | 'config.refused',
    by: Actor,
    data: Record<string, string | string[]>,
  ) {
    const facts = { workspace_id: DEFAULT_WORKSPACE, type, actor: by.name, address: by.address };
    await audit.event({ ...facts, subject: 'configuration', data });
  }

  return {
    get now() {
      return now;
    },
    async run(by) {
      let report: ReloadReport;
      try {
        const { config, changed, needsRestart } = parts.read(now);
        const certificate = parts.certificate.look(config.tls);
        now = config;
        log.level = config.log.level;
        const fingerprint = certificate.kind === 'taken' ? certificate.fingerprint : null;
        report = { changed, needs_restart: needsRestart, certificate: fingerprint };
      } catch (error) {
        if (!(error instanceof GateError)) throw error;
        log.warn({ err: error }, 'the configuration was not reloaded; the one before holds on');
        await record('config.refused', by, { why: error.message });
        throw error;
      }
      const { changed, needs_restart: needsRestart } = report;
      log.info({ changed, needsRestart }, 'the configuration is reloaded');
      await record('config.reloaded', by, { changed, needs_restart: needsRestart });
      return report;
    },
  };
}
