//! Sessions, API tokens and ingest keys: only digests of their secrets, and the one query that says
//! what each may still do.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;
use watchfire_shared::ids::{KeyId, SessionId, TokenId, UserId};
use watchfire_shared::user::{ApiToken, IngestKey, KeySource, Role, UserRef};

use super::installation::Moment;
use super::{Db, Dialect, Engine, Result, Tx, on};

const ADD_SESSION: &str = "insert into sessions (id, user_id, created_at, expires_at) \
     values ($1, $2, $3, $4)";
const REVOKE_SESSION: &str =
    "update sessions set revoked_at = $2 where id = $1 and revoked_at is null";
const REVOKE_SESSIONS_OF: &str =
    "update sessions set revoked_at = $2 where user_id = $1 and revoked_at is null";
const ADD_REFRESH: &str = "insert into refresh_tokens (digest, session_id, created_at) \
     values ($1, $2, $3)";
const REFRESH: Dialect = Dialect {
    postgres: "select r.session_id, r.used_at, s.user_id, s.expires_at, s.revoked_at \
         from refresh_tokens r join sessions s on s.id = r.session_id where r.digest = $1 for update",
    sqlite: "select r.session_id, r.used_at, s.user_id, s.expires_at, s.revoked_at \
         from refresh_tokens r join sessions s on s.id = r.session_id where r.digest = $1",
};
const USE_REFRESH: &str = "update refresh_tokens set used_at = $2 where digest = $1";
const ADD_TOKEN: &str = "insert into api_tokens (id, user_id, name, digest, created_at) \
     values ($1, $2, $3, $4, $5)";
const TOKENS: &str = "select t.id, t.name, t.user_id, u.name as user_name, t.created_at, t.revoked_at \
     from api_tokens t join users u on u.id = t.user_id order by t.created_at, t.id";
const REVOKE_TOKEN: &str =
    "update api_tokens set revoked_at = $2 where id = $1 and revoked_at is null";
const REVOKE_TOKENS_OF: &str =
    "update api_tokens set revoked_at = $2 where user_id = $1 and revoked_at is null";
const REVOKE_TOKENS_NAMED: &str = "update api_tokens set revoked_at = $3 \
     where user_id = $1 and name = $2 and revoked_at is null";
const IS_TOKEN_OF: &str = "select count(*) from api_tokens \
     where digest = $1 and user_id = $2 and revoked_at is null";
const ADD_KEY: &str = "insert into ingest_keys (id, name, source, digest, created_at) \
     values ($1, $2, $3, $4, $5)";
const KEYS: &str =
    "select id, name, source, created_at, revoked_at from ingest_keys order by created_at, id";
const REVOKE_KEY: &str =
    "update ingest_keys set revoked_at = $2 where id = $1 and revoked_at is null";

macro_rules! standings {
    ($session_bytes:literal, $sessions:literal, $digests:literal) => {
        concat!(
            "select n.epoch, n.cache_identity, p.kind, p.proof, p.id, p.name, p.role, p.source \
             from installation n left join ( \
             select 'session' as kind, ",
            $session_bytes,
            " as proof, u.id, u.name, u.role, \
             cast(null as text) as source from sessions s join users u on u.id = s.user_id \
             where u.status = 'active' and s.revoked_at is null and s.expires_at > $1 \
             and s.id ",
            $sessions,
            " union all select 'token', t.digest, u.id, u.name, u.role, null \
             from api_tokens t join users u on u.id = t.user_id \
             where u.status = 'active' and t.revoked_at is null and t.digest ",
            $digests,
            " union all select 'key', k.digest, k.id, k.name, null, k.source from ingest_keys k \
             where k.revoked_at is null and k.digest ",
            $digests,
            ") p on true"
        )
    };
}
/// One fixed text however many proofs are asked about, so that it stays prepared.
const STANDINGS: Dialect = Dialect {
    postgres: standings!("uuid_send(s.id)", "= any($2)", "= any($3)"),
    sqlite: standings!(
        "s.id",
        "in (select unhex(value) from json_each($2))",
        "in (select unhex(value) from json_each($3))"
    ),
};

/// SHA-256 of an opaque secret.
pub type Digest = [u8; 32];

/// A refresh token with its session, locked.
#[derive(FromRow)]
pub struct RefreshToken {
    pub session_id: SessionId,
    pub used_at: Option<DateTime<Utc>>,
    pub user_id: UserId,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

pub async fn add_session(
    tx: &mut Tx,
    id: SessionId,
    user: UserId,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(ADD_SESSION)
        .bind(id)
        .bind(user)
        .bind(now)
        .bind(expires_at)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn revoke_session(tx: &mut Tx, id: SessionId, now: DateTime<Utc>) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(REVOKE_SESSION)
        .bind(id)
        .bind(now)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Ends every session and token of a person.
pub async fn revoke_all_of(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<()> {
    for statement in [REVOKE_SESSIONS_OF, REVOKE_TOKENS_OF] {
        on!(tx.conn(), |conn| sqlx::query(statement)
            .bind(user)
            .bind(now)
            .execute(conn)
            .await
            .map(drop))?;
    }
    Ok(())
}

/// Ends every session of a person: after a change of password.
pub async fn revoke_sessions_of(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(REVOKE_SESSIONS_OF)
        .bind(user)
        .bind(now)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn add_refresh(
    tx: &mut Tx,
    digest: Digest,
    session: SessionId,
    now: DateTime<Utc>,
) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(ADD_REFRESH)
        .bind(&digest[..])
        .bind(session)
        .bind(now)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn lock_refresh(tx: &mut Tx, digest: Digest) -> Result<Option<RefreshToken>> {
    let statement = REFRESH.of(&tx.conn());
    Ok(on!(tx.conn(), |conn| sqlx::query_as(statement)
        .bind(&digest[..])
        .fetch_optional(conn)
        .await)?)
}

pub async fn use_refresh(tx: &mut Tx, digest: Digest, now: DateTime<Utc>) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(USE_REFRESH)
        .bind(&digest[..])
        .bind(now)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn add_token(tx: &mut Tx, token: &ApiToken, digest: Digest) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(ADD_TOKEN)
        .bind(token.id)
        .bind(token.user.id)
        .bind(&token.name)
        .bind(&digest[..])
        .bind(token.created_at)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn tokens(db: &Db) -> Result<Vec<ApiToken>> {
    #[derive(FromRow)]
    struct Row {
        id: TokenId,
        name: String,
        user_id: UserId,
        user_name: String,
        created_at: DateTime<Utc>,
        revoked_at: Option<DateTime<Utc>>,
    }
    let rows: Vec<Row> = on!(db.reads(), |pool| sqlx::query_as(TOKENS).fetch_all(pool).await)?;
    let token = |row: Row| ApiToken {
        id: row.id,
        name: row.name,
        user: UserRef { id: row.user_id, name: row.user_name },
        created_at: row.created_at,
        revoked_at: row.revoked_at,
    };
    Ok(rows.into_iter().map(token).collect())
}

/// False when there is none, or it was revoked already.
pub async fn revoke_token(tx: &mut Tx, id: TokenId, now: DateTime<Utc>) -> Result<bool> {
    let done: u64 = on!(tx.conn(), |conn| sqlx::query(REVOKE_TOKEN)
        .bind(id)
        .bind(now)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(done > 0)
}

pub async fn revoke_tokens_named(
    tx: &mut Tx,
    user: UserId,
    name: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(REVOKE_TOKENS_NAMED)
        .bind(user)
        .bind(name)
        .bind(now)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn is_token_of(tx: &mut Tx, digest: Digest, user: UserId) -> Result<bool> {
    let found: i64 = on!(tx.conn(), |conn| sqlx::query_scalar(IS_TOKEN_OF)
        .bind(&digest[..])
        .bind(user)
        .fetch_one(conn)
        .await)?;
    Ok(found > 0)
}

pub async fn add_key(tx: &mut Tx, key: &IngestKey, digest: Digest) -> Result<()> {
    on!(tx.conn(), |conn| sqlx::query(ADD_KEY)
        .bind(key.id)
        .bind(&key.name)
        .bind(key.source)
        .bind(&digest[..])
        .bind(key.created_at)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn keys(db: &Db) -> Result<Vec<IngestKey>> {
    #[derive(FromRow)]
    struct Row {
        id: KeyId,
        name: String,
        source: KeySource,
        created_at: DateTime<Utc>,
        revoked_at: Option<DateTime<Utc>>,
    }
    let rows: Vec<Row> = on!(db.reads(), |pool| sqlx::query_as(KEYS).fetch_all(pool).await)?;
    let key = |row: Row| IngestKey {
        id: row.id,
        name: row.name,
        source: row.source,
        created_at: row.created_at,
        revoked_at: row.revoked_at,
    };
    Ok(rows.into_iter().map(key).collect())
}

/// False when there is none, or it was revoked already.
pub async fn revoke_key(tx: &mut Tx, id: KeyId, now: DateTime<Utc>) -> Result<bool> {
    let done: u64 = on!(tx.conn(), |conn| sqlx::query(REVOKE_KEY)
        .bind(id)
        .bind(now)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(done > 0)
}

/// A credential as a request carries it, reduced to what the database can look up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Proof {
    Session(SessionId),
    Token(Digest),
    Key(Digest),
}

/// What a credential is good for, as of one query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Person { user: UserRef, role: Role },
    Key { id: KeyId, name: String, source: KeySource },
}

/// The standing of every proof that still has one, and the moment of the cache, in one statement begun now:
/// what is revoked, expired or deactivated is not among the rows. `fresh` asks on a new connection,
/// where the one at hand has failed or is late.
pub async fn standings(
    db: &Db,
    proofs: &[Proof],
    now: DateTime<Utc>,
    fresh: bool,
) -> Result<(Moment, Vec<(Proof, Standing)>)> {
    let mut sessions = Vec::new();
    let mut digests = Vec::new();
    for proof in proofs {
        match proof {
            Proof::Session(id) => sessions.push(id.0),
            Proof::Token(digest) | Proof::Key(digest) => digests.push(digest.to_vec()),
        }
    }
    let rows: Vec<StandingRow> = match db.authority() {
        Engine::Postgres(standby) => {
            let mut conn = if fresh { standby.fresh().await? } else { standby.take().await? };
            let query = sqlx::query_as(STANDINGS.postgres).bind(now).bind(sessions).bind(digests);
            let rows = query.fetch_all(&mut conn).await?;
            standby.give(conn);
            rows
        }
        Engine::Sqlite(standby) => {
            let mut conn = if fresh { standby.fresh().await? } else { standby.take().await? };
            let sessions = sessions.iter().map(|id| id.simple().to_string()).collect::<Vec<_>>();
            let digests = digests.iter().map(|digest| hex(digest)).collect::<Vec<_>>();
            let query = sqlx::query_as(STANDINGS.sqlite).bind(now);
            let rows = query.bind(Json(sessions)).bind(Json(digests)).fetch_all(&mut conn).await?;
            standby.give(conn);
            rows
        }
    };
    let moment = rows.first().map_or(Moment { epoch: 0, redis: None }, |row| Moment {
        epoch: row.epoch,
        redis: row.cache_identity.as_deref().map(Into::into),
    });
    Ok((moment, rows.into_iter().filter_map(StandingRow::read).collect()))
}

#[derive(FromRow)]
struct StandingRow {
    epoch: i64,
    cache_identity: Option<String>,
    kind: Option<String>,
    proof: Option<Vec<u8>>,
    id: Option<Uuid>,
    name: Option<String>,
    role: Option<Role>,
    source: Option<KeySource>,
}

impl StandingRow {
    fn read(self) -> Option<(Proof, Standing)> {
        let (proof, id, name) = (self.proof?, self.id?, self.name?);
        let person =
            |role| Standing::Person { user: UserRef { id: UserId(id), name: name.clone() }, role };
        Some(match self.kind?.as_str() {
            "session" => {
                (Proof::Session(SessionId(Uuid::from_slice(&proof).ok()?)), person(self.role?))
            }
            "token" => (Proof::Token(proof.try_into().ok()?), person(self.role?)),
            _ => {
                let standing = Standing::Key { id: KeyId(id), name, source: self.source? };
                (Proof::Key(proof.try_into().ok()?), standing)
            }
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").ok();
        text
    })
}
