//! What happens behind the daemon's back: straight in its database.

use sqlx::{Connection, Executor, PgConnection, SqliteConnection};

use crate::daemon::{Daemon, Engine};

impl Daemon {
    /// Runs statements in the daemon's database, past the daemon.
    pub async fn behind(&self, statements: &'static str) {
        let url = self.database_url();
        let done = match self.engine() {
            Engine::Sqlite => {
                let mut connection = SqliteConnection::connect(&url).await.expect("the file opens");
                connection.execute(sqlx::raw_sql(statements)).await.map(drop)
            }
            Engine::Postgres => {
                let mut connection = PgConnection::connect(&url).await.expect("the server answers");
                connection.execute(sqlx::raw_sql(statements)).await.map(drop)
            }
        };
        done.unwrap_or_else(|error| panic!("{statements}: {error}"));
    }

    /// The one number a query answers, past the daemon.
    pub async fn number(&self, query: &'static str) -> i64 {
        let url = self.database_url();
        let number = match self.engine() {
            Engine::Sqlite => {
                let mut connection = SqliteConnection::connect(&url).await.expect("the file opens");
                sqlx::query_scalar(query).fetch_one(&mut connection).await
            }
            Engine::Postgres => {
                let mut connection = PgConnection::connect(&url).await.expect("the server answers");
                sqlx::query_scalar(query).fetch_one(&mut connection).await
            }
        };
        number.unwrap_or_else(|error| panic!("{query}: {error}"))
    }
}
