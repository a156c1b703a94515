//! The two schemas are one: the same tables, columns, indexes and references in meaning.

use std::collections::BTreeSet;

use sqlx::{Connection, PgConnection, SqliteConnection};
use watchfire_tests::{Daemon, Engine, bounded};

/// What is there, a sentence each, the same on both engines.
type Schema = BTreeSet<String>;

/// Where the engines differ on purpose: how words are searched and numbers are drawn.
const POSTGRES_ONLY: [&str; 2] = ["incidents.words", "index of incidents (words)"];
const SQLITE_ONLY: [&str; 1] = ["incident_numbers"];

const POSTGRES_COLUMNS: &str = "select table_name::text, column_name::text, data_type::text, \
     is_nullable = 'YES' from information_schema.columns \
     where table_schema = 'public' and table_name <> '_sqlx_migrations'";
const POSTGRES_INDEXES: &str = "select t.relname::text, i.indisunique, i.indpred is not null, \
     array_to_string(array(select pg_get_indexdef(i.indexrelid, k, true) \
     from generate_series(1, i.indnkeyatts) k), ', ') \
     from pg_index i join pg_class t on t.oid = i.indrelid \
     join pg_namespace n on n.oid = t.relnamespace \
     where n.nspname = 'public' and t.relname <> '_sqlx_migrations'";
const POSTGRES_REFERENCES: &str = "select c.conrelid::regclass::text, a.attname::text, \
     c.confrelid::regclass::text, case c.confdeltype when 'c' then 'CASCADE' \
     when 'n' then 'SET NULL' else 'NO ACTION' end from pg_constraint c \
     join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1] where c.contype = 'f'";

const SQLITE_COLUMNS: &str = "select m.name, c.name, lower(c.type), c.\"notnull\" = 0 and c.pk = 0 \
     from sqlite_master m join pragma_table_info(m.name) c \
     where m.type = 'table' and m.name not like 'sqlite%' and m.name <> '_sqlx_migrations' \
     and m.name not like 'incident_words%'";
const SQLITE_INDEXES: &str = "select m.name, i.\"unique\" = 1, i.partial = 1, \
     (select group_concat(coalesce(k.name, 'expression'), ', ') \
     from (select name from pragma_index_info(i.name) order by seqno) k) \
     from sqlite_master m join pragma_index_list(m.name) i \
     where m.type = 'table' and m.name not like 'sqlite%' and m.name <> '_sqlx_migrations' \
     and m.name not like 'incident_words%' \
     union all select m.name, 1, 0, c.name from sqlite_master m join pragma_table_info(m.name) c \
     where m.type = 'table' and m.name not like 'sqlite%' and m.name <> '_sqlx_migrations' \
     and m.name not like 'incident_words%' and c.pk = 1 and not exists \
     (select 1 from pragma_index_list(m.name) i where i.origin = 'pk')";
const SQLITE_REFERENCES: &str = "select m.name, f.\"from\", f.\"table\", f.on_delete \
     from sqlite_master m join pragma_foreign_key_list(m.name) f where m.type = 'table'";

/// What a type is for.
fn meaning(of: &str) -> &'static str {
    match of {
        "uuid" | "bytea" | "blob" => "bytes",
        "text" | "timestamp with time zone" | "jsonb" => "text",
        "bigint" | "integer" | "smallint" | "boolean" => "number",
        "double precision" | "real" => "real",
        "tsvector" => "words",
        other => panic!("a new type: {other}"),
    }
}

fn column((table, column, kind, nullable): (String, String, String, bool)) -> String {
    let null = if nullable { " or null" } else { "" };
    format!("{table}.{column} is {}{null}", meaning(&kind))
}

fn index((table, unique, partial, columns): (String, bool, bool, String)) -> String {
    let kind = if unique { ", unique" } else { "" };
    let part = if partial { ", partial" } else { "" };
    // SQLite does not say what it computes, PostgreSQL quotes what might be a keyword.
    let columns = if columns.contains('(') { "expression" } else { &columns.replace('"', "") };
    format!("index of {table} ({columns}){kind}{part}")
}

fn reference((table, column, to, deleted): (String, String, String, String)) -> String {
    format!("{table}.{column} refers to {to}, on delete {deleted}")
}

async fn postgres(daemon: &Daemon) -> Schema {
    let mut conn = PgConnection::connect(&daemon.database_url()).await.unwrap();
    let columns = sqlx::query_as(POSTGRES_COLUMNS).fetch_all(&mut conn).await.unwrap();
    let indexes = sqlx::query_as(POSTGRES_INDEXES).fetch_all(&mut conn).await.unwrap();
    let references = sqlx::query_as(POSTGRES_REFERENCES).fetch_all(&mut conn).await.unwrap();
    all(columns, indexes, references)
}

async fn sqlite(daemon: &Daemon) -> Schema {
    let mut conn = SqliteConnection::connect(&daemon.database_url()).await.unwrap();
    let columns = sqlx::query_as(SQLITE_COLUMNS).fetch_all(&mut conn).await.unwrap();
    let indexes = sqlx::query_as(SQLITE_INDEXES).fetch_all(&mut conn).await.unwrap();
    let references = sqlx::query_as(SQLITE_REFERENCES).fetch_all(&mut conn).await.unwrap();
    all(columns, indexes, references)
}

fn all(
    columns: Vec<(String, String, String, bool)>,
    indexes: Vec<(String, bool, bool, String)>,
    references: Vec<(String, String, String, String)>,
) -> Schema {
    let columns = columns.into_iter().map(column);
    columns
        .chain(indexes.into_iter().map(index))
        .chain(references.into_iter().map(reference))
        .collect()
}

#[tokio::test]
async fn both_engines_have_the_same_tables_columns_indexes_and_references() {
    bounded(async {
        let daemons = (Daemon::start(Engine::Postgres).await, Daemon::start(Engine::Sqlite).await);
        let (postgres, sqlite) = (postgres(&daemons.0).await, sqlite(&daemons.1).await);
        assert!(postgres.len() > 150, "{postgres:#?}");
        let known = |names: &[&str], text: &&String| names.iter().any(|name| text.contains(name));
        let missing: Vec<_> =
            postgres.difference(&sqlite).filter(|text| !known(&POSTGRES_ONLY, text)).collect();
        let more: Vec<_> =
            sqlite.difference(&postgres).filter(|text| !known(&SQLITE_ONLY, text)).collect();
        assert!(
            missing.is_empty() && more.is_empty(),
            "only PostgreSQL: {missing:#?}\nonly SQLite: {more:#?}"
        );
    })
    .await;
}
