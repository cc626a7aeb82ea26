// Wraps an engine's driver, so that the engine's errors leave it as GateErrors, and no code above knows an engine's error codes.
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult, TransactionSettings } from 'kysely';
import type { GateError } from 'mcpgate-shared/error';
import { asHostError } from '../domain/public-message.ts';

/** Turns an engine's error into a GateError. */
export type ExplainError = (error: unknown) => GateError;

/** `driver`, with every failure passed through `explain`. */
export function createGuardedDriver(driver: Driver, explain: ExplainError): Driver {
  const guard = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw asHostError(explain(error));
    }
  };
  const connections = new WeakMap<DatabaseConnection, DatabaseConnection>();
  const inner = (connection: DatabaseConnection): DatabaseConnection => connections.get(connection) ?? connection;

  return {
    init: (options) => guard(driver.init(options)),
    async acquireConnection(options) {
      const connection = await guard(driver.acquireConnection(options));
      const guarded: DatabaseConnection = {
        executeQuery: <R>(query: CompiledQuery): Promise<QueryResult<R>> => guard(connection.executeQuery<R>(query)),
        streamQuery: (query, chunkSize, streamOptions) => connection.streamQuery(query, chunkSize, streamOptions ?? {}),
      };
      connections.set(guarded, connection);
      return guarded;
    },
    beginTransaction: (connection, settings: TransactionSettings) =>
      guard(driver.beginTransaction(inner(connection), settings)),
    commitTransaction: (connection) => guard(driver.commitTransaction(inner(connection))),
    rollbackTransaction: (connection) => guard(driver.rollbackTransaction(inner(connection))),
    releaseConnection: (connection) => driver.releaseConnection(inner(connection)),
    destroy: (options) => driver.destroy(options),
  };
}
