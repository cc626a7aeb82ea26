// Puts the broker together, each part after those that it depends on: to read this file and `assembly/` is to read the architecture.
import { VERSION } from 'mcpgate-shared/version';
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { assembleAdministration } from './assembly/administration.ts';
import { assembleCalls } from './assembly/calls.ts';
import type { AssemblyContext, BrokerOptions } from './assembly/context.ts';
import { assembleCustody } from './assembly/custody.ts';
import { assembleServing } from './assembly/serving.ts';
import type { Reload } from './admin/reload/reload.ts';
import { isLoopback } from './config/listen-address.ts';
import { DEFAULT_WORKSPACE } from './domain/workspace.ts';
import { watchEventLoopDelay } from './http/event-loop-delay.ts';

/** How long, at the end of a drain, the broker waits for the last HTTP answers to be sent. */
const CLOSE_LIMIT_MS = 2_000;

export interface Broker {
  readonly url: string;
  /** The administrator's one-time link, as long as there is no administrator. */
  readonly setupUrl: string | undefined;
  /** Reads configuration and certificate again. Throws as `Reload.run` does. */
  reload: Reload['run'];
  /** Stops being ready and taking new links; resolves when no call is under way, at the latest after the configured limit. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Makes a broker and begins to serve. The caller holds the lock of the data folder. Throws a GateError with one clear line for whatever keeps the
 * broker from serving; `unavailable` where that is its database: then it may be called again with the same doors.
 */
export async function createBroker(options: BrokerOptions): Promise<Broker> {
  const { config, log, clock, doors } = options;
  const closers: (() => unknown)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).toReversed()) await close();
  };
  let draining = false;
  try {
    const publicUrl = config.public_url ?? doors.listener.origin;
    if (config.public_url === undefined && !isLoopback(doors.listener.address.host)) {
      log.warn(
        { url: publicUrl },
        'public_url is not set: laptops can only log in under this address; set --public-url',
      );
    }
    const context: AssemblyContext = {
      ...options,
      publicUrl,
      startedAt: clock.now(),
      self: { name: randomBytes(12).toString('hex'), location: `${hostname()} (process ${options.pid})` },
      onClose: (...added) => void closers.push(...added),
    };
    const custody = await assembleCustody(context);
    const calls = await assembleCalls(context, custody);
    const loopDelay = watchEventLoopDelay();
    closers.push(() => loopDelay.stop());
    const state = { isDraining: () => draining, loopDelay };
    const administration = await assembleAdministration(context, custody, calls, state);

    const { accounts, approvals, assertions, definitions, gateway, identity, upstreams } = calls;
    const { keys, replicas, secretWatch, vault } = custody;
    await replicas.follow({
      ...{ gateway, upstreams, vault, keys, accounts, approvals, identity, definitions },
      assertions: assertions.keys,
      figures() {
        const links = calls.tunnel.links();
        const channels = links.reduce((all, link) => all + link.channels, 0);
        return { version: VERSION, startedAt: context.startedAt, links: links.length, channels, isDraining: draining };
      },
    });
    void keys.start();
    void secretWatch.start();
    vault.sources
      .start()
      .catch((error: unknown) =>
        log.warn({ err: error }, 'where secrets come from cannot be read; tried with the next call'),
      );

    await assembleServing(context, custody, calls, administration, state);
    await upstreams.reload();
    const setup = await identity.setupLink(DEFAULT_WORKSPACE);

    return {
      url: publicUrl,
      setupUrl: setup?.url,
      reload: (by) => custody.reload.run(by),
      async drain() {
        draining = true;
        gateway.endWaits();
        await calls.tunnel.drain(custody.reload.now.drain.timeout);
        await doors.listener.finish(CLOSE_LIMIT_MS);
      },
      async close() {
        await doors.admin.close();
        await closeAll();
        await doors.listener.close();
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}
