//! Processes of one PostgreSQL database tell each other that more may be read. A hint, and no more:
//! who hears nothing looks by itself each second.

use sqlx::postgres::{PgListener, PgPoolOptions};
use uuid::Uuid;

use super::{Db, Engine, Result, Tx};

const CHANNEL: &str = "watchfire_journal";
const TELL: &str = "select pg_notify('watchfire_journal', $1)";

/// Tells the others once this transaction is committed; `me` lets a process pass over itself.
pub async fn tell(tx: &mut Tx, me: Uuid) -> Result<()> {
    if let Engine::Postgres(conn) = tx.conn() {
        sqlx::query(TELL).bind(me.simple().to_string()).execute(conn).await?;
    }
    Ok(())
}

/// Calls `woken` for whatever others tell, until the connection fails. On SQLite nobody does.
pub async fn listen(db: &Db, me: Uuid, woken: impl Fn()) -> Result<()> {
    let Engine::Postgres(standby) = db.authority() else {
        return std::future::pending().await;
    };
    let own = PgPoolOptions::new().max_connections(1).connect_lazy_with(standby.options());
    let mut listener = PgListener::connect_with(&own).await?;
    listener.listen(CHANNEL).await?;
    let me = me.simple().to_string();
    loop {
        if listener.recv().await?.payload() != me {
            woken();
        }
    }
}
