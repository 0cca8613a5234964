/** One schema of PostgreSQL as text: its rows as SQL, and what the catalogue says of its tables. */
import type { TestSchema } from './postgres-schemas.ts'

/** Columns that are numbered by the server. */
const NUMBERED = [
  ['owners', 'owner_id'],
  ['audit', 'position'],
  ['usage_chunks', 'chunk_id'],
] as const

/** `migrations` are the statements that made the schema. The text runs with it as the search path. */
export async function dumpOf(
  schema: TestSchema,
  migrations: readonly ((schema: string) => string)[],
): Promise<string> {
  const tables = await schema.query(
    `select relname as name from pg_class
     where relnamespace = current_schema()::regnamespace and relkind = 'r' order by oid`,
  )
  const lines: string[] = migrations.map((migration) => migration('').replaceAll(' .', ' '))
  for (const { name } of tables) {
    if (name === 'schema_version') continue
    const [columns] = await schema.query(
      `select string_agg(format('quote_nullable(%I)', attname), ' || '', '' || ' order by attnum) as all
       from pg_attribute where attrelid = '${name}'::regclass and attnum > 0`,
    )
    const rows = await schema.query(`select ${columns?.['all']} as row from ${name} order by 1`)
    lines.push(...rows.map(({ row }) => `insert into ${name} values (${row});`))
  }
  for (const [table, column] of NUMBERED) {
    const sequence = `pg_get_serial_sequence('${table}', '${column}')`
    lines.push(`select setval(${sequence}, (select max(${column}) from ${table}));`)
  }
  return `${lines.join('\n')}\n`
}

/** Makes the schema what it was when `version` was the newest. */
export async function loadInto(schema: TestSchema, fixture: string, version: number) {
  const table = 'create table schema_version (one boolean primary key default true check (one)'
  await schema.query(
    `create schema "${schema.name}"`,
    `${table}, application text not null, version integer not null)`,
    `insert into schema_version values (true, 'lockgate', ${version})`,
    fixture,
  )
}

/** All that the catalogue says of tables, columns, indexes and constraints. */
export async function layoutOf(schema: TestSchema): Promise<unknown> {
  const rows = await schema.query(
    `select table_name, column_name, data_type, collation_name, is_nullable, is_identity, column_default
       from information_schema.columns where table_schema = current_schema()
     order by table_name, column_name`,
  )
  const indexes = await schema.query(
    `select indexdef from pg_indexes where schemaname = current_schema() order by indexname`,
  )
  const constraints = await schema.query(
    `select conname, pg_get_constraintdef(oid) as definition from pg_constraint
     where connamespace = current_schema()::regnamespace order by conname`,
  )
  const text = JSON.stringify([...rows, ...indexes, ...constraints])
  return JSON.parse(text.replaceAll(schema.name, 'SCHEMA'))
}

/** `table.column` of each column. */
export async function columnsOf(schema: TestSchema): Promise<string[]> {
  const rows = await schema.query(
    `select table_name || '.' || column_name as name
     from information_schema.columns where table_schema = current_schema()`,
  )
  return rows.map(({ name }) => name)
}
