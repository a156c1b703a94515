//! The rows of one incident as statements: what a daemon stored is read back and written again
//! under other ids, so that a ceiling cannot drift from what the daemon really inserts.

use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use uuid::Uuid;

use crate::measure::Result;

/// A row as columns with their literals, without generated columns.
macro_rules! postgres_row {
    ($table:literal, $which:literal) => {
        concat!(
            "select e.key, quote_nullable(e.value) from (select * from ",
            $table,
            " ",
            $which,
            " limit 1) i, jsonb_each_text(to_jsonb(i)) e join pg_attribute a on a.attname = e.key \
             and a.attrelid = cast('",
            $table,
            "' as regclass) where a.attgenerated = ''"
        )
    };
}

const POSTGRES_INCIDENT: &str = postgres_row!("incidents", "");
const POSTGRES_EVENT: &str = postgres_row!("events", "where event_type = 'incident.created'");
const SQLITE_COLUMNS: &str = "select name from pragma_table_info($1) order by cid";
const SQLITE_NUMBER: &str =
    "update incident_numbers set last = last + 1 where id = 1 returning last";

/// A column with the text of its value.
type Column = (String, String);

/// What takes the place of a column's value; none leaves the column out.
type Replaced<'a> = (&'a str, Option<&'a str>);

/// The two inserts of a create.
#[derive(Clone)]
pub struct Inserts {
    pub incident: String,
    pub event: String,
}

impl Inserts {
    /// From the one incident of a PostgreSQL database; `:number` stands for its number. Ids grow,
    /// as the daemon's do.
    pub async fn postgres(conn: &mut PgConnection) -> Result<Self> {
        let id = "cast('00000000-0000-7000-8000-' || \
            lpad(to_hex(cast(:number as bigint)), 12, '0') as uuid)";
        let incident: Vec<Column> = sqlx::query_as(POSTGRES_INCIDENT).fetch_all(&mut *conn).await?;
        let event: Vec<Column> = sqlx::query_as(POSTGRES_EVENT).fetch_all(conn).await?;
        Self::of(&incident, &event, id, "cast(:number as bigint)", id, id)
    }

    /// From the one incident of a SQLite database; `$1` stands for its id, `$2` for its number, and
    /// in the event `$1` for the event's id and `$2` for the incident's.
    async fn sqlite(conn: &mut SqliteConnection) -> Result<Self> {
        let incident = sqlite_row(conn, "incidents", "").await?;
        let event = sqlite_row(conn, "events", "where event_type = 'incident.created'").await?;
        Self::of(&incident, &event, "$1", "$2", "$1", "$2")
    }

    fn of(
        incident: &[Column],
        event: &[Column],
        id: &str,
        number: &str,
        event_id: &str,
        aggregate: &str,
    ) -> Result<Self> {
        let replaced = [("id", Some(id)), ("number", Some(number))];
        let incident = insert("incidents", incident, &replaced)?;
        let replaced = [
            ("seq", None),
            ("position", None),
            ("id", Some(event_id)),
            ("aggregate_id", Some(aggregate)),
        ];
        Ok(Self { incident, event: insert("events", event, &replaced)? })
    }
}

/// `insert into table (…) values (…)`.
fn insert(table: &str, row: &[Column], replaced: &[Replaced]) -> Result<String> {
    for (name, _) in replaced {
        if !row.iter().any(|(column, _)| column == name) {
            return Err(format!("no row of {table} with a column {name} was found").into());
        }
    }
    let written: Vec<(&str, &str)> = row
        .iter()
        .filter_map(|(name, value)| match replaced.iter().find(|(replaced, _)| replaced == name) {
            Some((_, other)) => Some((name.as_str(), (*other)?)),
            None => Some((name.as_str(), value.as_str())),
        })
        .collect();
    let (names, values): (Vec<_>, Vec<_>) = written.into_iter().unzip();
    Ok(format!("insert into {table} ({}) values ({})", names.join(", "), values.join(", ")))
}

#[expect(clippy::disallowed_methods, reason = "made of names of our own schema")]
async fn sqlite_row(conn: &mut SqliteConnection, table: &str, which: &str) -> Result<Vec<Column>> {
    let names: Vec<String> =
        sqlx::query_scalar(SQLITE_COLUMNS).bind(table).fetch_all(&mut *conn).await?;
    let mut row = Vec::new();
    for name in names {
        let select = format!("select quote({name}) from {table} {which} limit 1");
        let value = sqlx::query_scalar(AssertSqlSafe(select)).fetch_one(&mut *conn).await?;
        row.push((name, value));
    }
    Ok(row)
}

/// The ceiling of a SQLite daemon: one connection, the same rows, a commit for each incident.
pub struct SingleCommits {
    conn: SqliteConnection,
    inserts: Inserts,
}

impl SingleCommits {
    /// On the file of a daemon that has stopped, which has made one incident.
    pub async fn open(file: &std::path::Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true);
        let mut conn = SqliteConnection::connect_with(&options).await?;
        let inserts = Inserts::sqlite(&mut conn).await?;
        Ok(Self { conn, inserts })
    }

    /// Commits per second.
    pub async fn rate(&mut self, time: Duration) -> Result<f64> {
        let started = Instant::now();
        let mut commits = 0_u32;
        while started.elapsed() < time {
            self.commit().await?;
            commits += 1;
        }
        Ok(f64::from(commits) / started.elapsed().as_secs_f64())
    }

    #[expect(clippy::disallowed_methods, reason = "made of rows that a daemon stored")]
    async fn commit(&mut self) -> Result<()> {
        let Inserts { incident, event } = &self.inserts;
        let mut tx = self.conn.begin_with("begin immediate").await?;
        let number: i64 = sqlx::query_scalar(SQLITE_NUMBER).fetch_one(&mut *tx).await?;
        let id = Uuid::now_v7();
        let insert = sqlx::query(AssertSqlSafe(incident.clone())).bind(id).bind(number);
        insert.execute(&mut *tx).await?;
        let insert = sqlx::query(AssertSqlSafe(event.clone())).bind(Uuid::now_v7()).bind(id);
        insert.execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_insert_repeats_a_row_under_another_id() {
        let row = ["seq", "id", "title"].map(|name| (name.to_owned(), format!("'{name}'")));
        let text = insert("things", &row, &[("seq", None), ("id", Some("$1"))]).unwrap();
        assert_eq!(text, "insert into things (id, title) values ($1, 'title')");
        let error = insert("things", &row, &[("number", None)]).unwrap_err().to_string();
        assert!(error.contains("number"), "{error}");
    }
}
