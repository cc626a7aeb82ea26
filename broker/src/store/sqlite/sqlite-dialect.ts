// Kysely's SQLite dialect over `node:sqlite`, with one connection. Statements run synchronously, one after the other.
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  SqliteAdapter,
  SqliteDialect,
  SqliteDriver,
  type SqliteDatabase,
  type SqliteStatement,
} from 'kysely';
import { allOf } from './large-numbers.ts';
import { createGuardedDriver, type ExplainError } from '../guarded-driver.ts';

const STATEMENT_CACHE_SIZE = 256;

/** The dialect over an open database. Destroying the query builder closes the database. */
export function createSqliteDialect(database: DatabaseSync, explain: ExplainError): Dialect {
  const plain = new SqliteDialect({ database: adaptDatabase(database) });
  return {
    createAdapter: () => new TransactionalDdlAdapter(),
    createDriver: () => createGuardedDriver(new ImmediateTransactionDriver(database), explain),
    createIntrospector: (db) => plain.createIntrospector(db),
    createQueryCompiler: () => plain.createQueryCompiler(),
  };
}

/** Every transaction takes the write lock at its beginning, because SQLite cannot wait for it later (SQLITE_BUSY_SNAPSHOT). */
class ImmediateTransactionDriver extends SqliteDriver {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    super({ database: adaptDatabase(database) });
    this.#database = database;
  }

  /** Where the disk is full SQLite has rolled back already: to ask for it once more would hide why. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.isTransaction) await super.rollbackTransaction(connection);
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

/** Tells Kysely that SQLite rolls schema changes back, so that a migration which fails half-way leaves nothing behind. */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

function adaptDatabase(database: DatabaseSync): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare(sql) {
      const known = prepared.get(sql);
      if (known) return known;
      const statement = adaptStatement(database.prepare(sql));
      if (prepared.size >= STATEMENT_CACHE_SIZE) prepared.clear();
      prepared.set(sql, statement);
      return statement;
    },
  };
}

function adaptStatement(statement: StatementSync): SqliteStatement {
  // Another statement would be executed again.
  const isSelect = /^select\b/i.test(statement.sourceSQL);
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => {
      const values = parameters.map(toSqlite);
      return isSelect ? allOf(statement, ...values) : statement.all(...values);
    },
    run: (parameters) => statement.run(...parameters.map(toSqlite)),
    iterate: (parameters) => statement.iterate(...parameters.map(toSqlite)),
  };
}

function toSqlite(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || value instanceof Uint8Array) {
    return value;
  }
  throw new TypeError(`a ${typeof value} cannot be stored`);
}
