// The master key, and the keys that sign what servers are told of people: both are of all workspaces.
import { keysApi, type MasterKey, type SigningKey } from 'mcpgate-shared/api/keys';
import { GateError } from 'mcpgate-shared/error';
import { DEFAULT_WORKSPACE } from '../domain/workspace.ts';
import type { SigningKeyView } from '../assertions/assertions.ts';
import type { MasterKeyView } from '../vault/key-rotation.ts';
import type { AdminDependencies } from './dependencies.ts';
import { isoTime } from './iso-time.ts';
import { listOperation } from './lists/list-operation.ts';
import { assertAtHome, operation, type Operation } from './operation.ts';
import { changeNotes } from '../domain/change-notes.ts';

const NOT_AT_HOME = `the keys of the broker are seen to by administrators of the workspace ${DEFAULT_WORKSPACE}`;

export function keyOperations({
  keys,
  signingKeys,
  audit,
}: Pick<AdminDependencies, 'keys' | 'signingKeys' | 'audit'>): Operation[] {
  return [
    listOperation(keysApi.signing, async (_input, caller) => {
      assertAtHome(caller, NOT_AT_HOME);
      return (await signingKeys.list()).map(toSigningKey);
    }),
    operation(keysApi.rotateSigning, async ({ body: { at_once: atOnce = false } }, caller) => {
      assertAtHome(caller, NOT_AT_HOME);
      const before = await signingKeys.list();
      const rotated = await signingKeys.rotate({ atOnce });
      await audit.event({
        workspace_id: DEFAULT_WORKSPACE,
        type: 'signing_key.rotated',
        actor: caller.actor.name,
        subject: `signing-key:${rotated.at(-1)?.id ?? ''}`,
        address: caller.actor.address,
        data: { at_once: atOnce, ...changeNotes(statesOf(before), statesOf(rotated)) },
      });
      return rotated.map(toSigningKey);
    }),
    operation(keysApi.status, async (_input, caller) => {
      assertAtHome(caller, NOT_AT_HOME);
      return toMasterKey(await keys.status());
    }),
    operation(keysApi.rotate, async ({ body }, caller) => {
      assertAtHome(caller, NOT_AT_HOME);
      const { new_key_file: newKeyFile, start_over: startOver = false } = body;
      try {
        await keys.begin({ newKeyFile, startOver, by: caller.actor });
      } catch (error) {
        // Whoever is not on the host must not learn from it which files there are.
        const isRemote = caller.credential.kind !== 'socket';
        if (!isRemote || newKeyFile === undefined || !(error instanceof GateError) || error.code !== 'config')
          throw error;
        const text = `${newKeyFile} holds no master key that can be used; ask on the broker's host, which says why`;
        throw new GateError('config', text, { cause: error });
      }
      return toMasterKey(await keys.status());
    }),
  ];
}

/** The states of keys by their ids. */
const statesOf = (keys: readonly SigningKeyView[]) => Object.fromEntries(keys.map(({ id, state }) => [id, state]));

function toSigningKey({ id, state, createdAt, signsFrom, publishedUntil }: SigningKeyView): SigningKey {
  return {
    ...{ id, state, created_at: isoTime(createdAt), signs_from: isoTime(signsFrom) },
    published_until: publishedUntil === null ? null : isoTime(publishedUntil),
  };
}

function toMasterKey({ id, createdAt, file, dataKeys, rotation, problem }: MasterKeyView): MasterKey {
  return {
    id,
    created_at: isoTime(createdAt),
    file,
    data_keys: dataKeys,
    rotation: rotation && {
      id: rotation.id,
      begun_at: isoTime(rotation.begunAt),
      begun_by: rotation.begunBy,
      rewrapped: rotation.rewrapped,
      waits_for: rotation.waitsFor,
    },
    problem,
  };
}
