//! Every route the client uses, one function each.

use bytes::Bytes;
use reqwest::Method;
use serde::Serialize;
use serde_json::Value;
use watchfire_shared::alert::Alert;
use watchfire_shared::assessment::Assessment;
use watchfire_shared::cache::{CacheDemo, CacheKey, CacheStats, PurgeIn, Purged};
use watchfire_shared::dead_letter::{DeadLetter, DeadLetterState, DiscardIn};
use watchfire_shared::event::{Event, EventPage};
use watchfire_shared::health::Health;
use watchfire_shared::ids::{DeadLetterId, EventId, IncidentRef, KeyId, LogEntryId, UserId};
use watchfire_shared::incident::{Comment, Incident, IncidentPatch, NewComment, NewIncident};
use watchfire_shared::log::{Level, LogEntry, LogsAccepted};
use watchfire_shared::outbox::OutboxStatus;
use watchfire_shared::page::{IncidentPage, Page};
use watchfire_shared::process::Fleet;
use watchfire_shared::session::{Login, Refresh, Tokens};
use watchfire_shared::stats::{Counts, Stats};
use watchfire_shared::user::{IngestKey, IngestKeyIn, UserIn, UserOut, UserPatch, WithSecret};

use super::{Auth, Call, Client, ClientError, DEMO_TIMEOUT, UPLOAD_TIMEOUT};
use crate::secret::Secret;

/// A page of incidents. `filter` is in the language of the query bar.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct IncidentQuery {
    pub filter: Option<String>,
    /// `created`, `updated`, `priority`, `score` or `reference`; `-` before it reverses.
    pub sort: Option<String>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// A page of log lines, the newest last. `before` and `after` are `seq`s, both exclusive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LogQuery {
    pub min_level: Option<Level>,
    /// A substring of the message.
    pub q: Option<String>,
    pub source: Option<String>,
    pub before: Option<i64>,
    pub after: Option<i64>,
    pub limit: Option<u32>,
}

/// A page of the log lines of all incidents, the newest last; `before` and `after` are ids of lines,
/// both exclusive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AllLogQuery {
    pub min_level: Option<Level>,
    /// A substring of the message.
    pub q: Option<String>,
    pub before: Option<LogEntryId>,
    pub after: Option<LogEntryId>,
    pub limit: Option<u32>,
}

/// How attached lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// An object or an array of objects.
    Json,
    /// An object per line.
    Ndjson,
}

#[derive(Serialize)]
struct EventQuery<'a> {
    after: i64,
    limit: Option<u32>,
    #[serde(rename = "type")]
    kinds: &'a [String],
}

/// Which facts of an incident: those after a version, or after the page before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TimelineQuery {
    pub after: Option<i64>,
    pub cursor: Option<String>,
    /// At most 1,000; 50 when left out.
    pub limit: Option<u32>,
}

/// Which dead letters: without a state those that wait or are being redriven, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DeadLetterQuery {
    pub state: Option<DeadLetterState>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// Which names in the cache: of one type, or all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CacheKeyQuery {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// Which assessments of an incident, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AssessmentQuery {
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

#[derive(Serialize)]
struct PageQuery<'a> {
    cursor: Option<&'a str>,
    limit: Option<u32>,
}

impl Client {
    pub async fn me(&self) -> Result<UserOut, ClientError> {
        self.fetch(Call::get("/v1/users/me")).await
    }

    pub async fn users(&self, cursor: Option<&str>) -> Result<Page<UserOut>, ClientError> {
        let query = PageQuery { cursor, limit: None };
        self.fetch(Call::get("/v1/users").query(&query)?).await
    }

    pub async fn add_user(&self, user: &UserIn) -> Result<UserOut, ClientError> {
        self.fetch(Call::new(Method::POST, "/v1/users").json(user)?).await
    }

    pub async fn change_user(&self, id: UserId, patch: &UserPatch) -> Result<UserOut, ClientError> {
        let call = Call::new(Method::PATCH, format!("/v1/users/{id}")).json(patch)?;
        self.fetch(call).await
    }

    pub async fn incidents(&self, query: &IncidentQuery) -> Result<IncidentPage, ClientError> {
        self.fetch(Call::get("/v1/incidents").query(query)?).await
    }

    pub async fn counts(&self) -> Result<Counts, ClientError> {
        self.fetch(Call::get("/v1/incidents/counts")).await
    }

    pub async fn incident(&self, which: &IncidentRef) -> Result<Incident, ClientError> {
        self.fetch(Call::get(format!("/v1/incidents/{which}"))).await
    }

    pub async fn create(&self, incident: &NewIncident) -> Result<Incident, ClientError> {
        let call = Call::new(Method::POST, "/v1/incidents").json(incident)?;
        self.fetch(call).await
    }

    /// Changes an incident under the guard of `patch.expect`.
    pub async fn patch(
        &self,
        which: &IncidentRef,
        patch: &IncidentPatch,
    ) -> Result<Incident, ClientError> {
        let call = Call::new(Method::PATCH, format!("/v1/incidents/{which}")).json(patch)?;
        self.fetch(call).await
    }

    pub async fn comment(&self, which: &IncidentRef, body: &str) -> Result<Comment, ClientError> {
        let comment = NewComment { body: body.to_owned() };
        let path = format!("/v1/incidents/{which}/comments");
        self.fetch(Call::new(Method::POST, path).json(&comment)?).await
    }

    pub async fn timeline(
        &self,
        which: &IncidentRef,
        query: &TimelineQuery,
    ) -> Result<Page<Event>, ClientError> {
        let call = Call::get(format!("/v1/incidents/{which}/timeline"));
        self.fetch(call.query(query)?).await
    }

    pub async fn attach_logs(
        &self,
        which: &IncidentRef,
        format: LogFormat,
        lines: Bytes,
    ) -> Result<LogsAccepted, ClientError> {
        let content_type = match format {
            LogFormat::Json => "application/json",
            LogFormat::Ndjson => "application/x-ndjson",
        };
        let path = format!("/v1/incidents/{which}/logs");
        let call = Call::new(Method::POST, path).raw(content_type, lines);
        self.fetch(call.timeout(UPLOAD_TIMEOUT)).await
    }

    pub async fn logs(
        &self,
        which: &IncidentRef,
        query: &LogQuery,
    ) -> Result<Page<LogEntry>, ClientError> {
        let call = Call::get(format!("/v1/incidents/{which}/logs"));
        self.fetch(call.query(query)?).await
    }

    /// Across incidents.
    pub async fn all_logs(&self, query: &AllLogQuery) -> Result<Page<LogEntry>, ClientError> {
        self.fetch(Call::get("/v1/logs").query(query)?).await
    }

    pub async fn alerts(
        &self,
        which: &IncidentRef,
        cursor: Option<&str>,
    ) -> Result<Page<Alert>, ClientError> {
        let query = PageQuery { cursor, limit: None };
        let call = Call::get(format!("/v1/incidents/{which}/alerts"));
        self.fetch(call.query(&query)?).await
    }

    pub async fn stats(&self) -> Result<Stats, ClientError> {
        self.fetch(Call::get("/v1/stats")).await
    }

    /// The journal after a position; `kinds` empty means every type.
    pub async fn events(
        &self,
        after: i64,
        limit: Option<u32>,
        kinds: &[String],
    ) -> Result<EventPage, ClientError> {
        let query = EventQuery { after, limit, kinds };
        self.fetch(Call::get("/v1/events").query(&query)?).await
    }

    pub async fn cache_stats(&self) -> Result<CacheStats, ClientError> {
        self.fetch(Call::get("/v1/admin/cache-stats")).await
    }

    pub async fn cache_keys(&self, query: &CacheKeyQuery) -> Result<Page<CacheKey>, ClientError> {
        self.fetch(Call::get("/v1/admin/cache/keys").query(query)?).await
    }

    /// What stands under one name.
    pub async fn cache_key(&self, name: &str) -> Result<CacheKey, ClientError> {
        self.fetch(Call::get("/v1/admin/cache/ttl").query(&[("key", name)])?).await
    }

    pub async fn purge_cache(&self, purge: &PurgeIn) -> Result<Purged, ClientError> {
        self.fetch(Call::new(Method::POST, "/v1/admin/cache/purge").json(purge)?).await
    }

    /// Has the daemon measure its cache; takes some seconds.
    pub async fn cache_demo(&self) -> Result<CacheDemo, ClientError> {
        let call = Call::new(Method::POST, "/v1/admin/cache/demo");
        self.fetch(call.timeout(DEMO_TIMEOUT)).await
    }

    pub async fn outbox(&self) -> Result<OutboxStatus, ClientError> {
        self.fetch(Call::get("/v1/admin/outbox")).await
    }

    /// Accepted when this returns; whoever leads publishes it.
    pub async fn retry(&self, id: EventId) -> Result<(), ClientError> {
        let call = Call::new(Method::POST, format!("/v1/admin/outbox/{id}/retry"));
        self.perform(call).await.map(drop)
    }

    /// The daemons and workers heard of just now.
    pub async fn processes(&self) -> Result<Fleet, ClientError> {
        self.fetch(Call::get("/v1/admin/processes")).await
    }

    pub async fn dead_letters(
        &self,
        query: &DeadLetterQuery,
    ) -> Result<Page<DeadLetter>, ClientError> {
        self.fetch(Call::get("/v1/admin/dead-letters").query(query)?).await
    }

    /// Accepted when this returns; a worker does it.
    pub async fn redrive(&self, id: DeadLetterId) -> Result<(), ClientError> {
        let call = Call::new(Method::POST, format!("/v1/admin/dead-letters/{id}/redrive"));
        self.perform(call).await.map(drop)
    }

    pub async fn discard(&self, id: DeadLetterId, reason: &str) -> Result<(), ClientError> {
        let call = Call::new(Method::POST, format!("/v1/admin/dead-letters/{id}/discard"));
        let body = DiscardIn { reason: reason.to_owned() };
        self.perform(call.json(&body)?).await.map(drop)
    }

    /// Asks for an analysis; a worker makes it.
    pub async fn assess(&self, which: &IncidentRef) -> Result<Assessment, ClientError> {
        let path = format!("/v1/incidents/{which}/assessments");
        self.fetch(Call::new(Method::POST, path)).await
    }

    pub async fn assessments(
        &self,
        which: &IncidentRef,
        query: &AssessmentQuery,
    ) -> Result<Page<Assessment>, ClientError> {
        let call = Call::get(format!("/v1/incidents/{which}/assessments"));
        self.fetch(call.query(query)?).await
    }

    /// An unhealthy daemon says so with a 503.
    pub async fn health(&self) -> Result<Health, ClientError> {
        self.fetch(Call::get("/v1/health").auth(Auth::Nobody).also(503)).await
    }

    pub async fn create_key(
        &self,
        key: &IngestKeyIn,
    ) -> Result<WithSecret<IngestKey>, ClientError> {
        let call = Call::new(Method::POST, "/v1/admin/keys").json(key)?;
        self.fetch(call).await
    }

    pub async fn revoke_key(&self, id: KeyId) -> Result<(), ClientError> {
        let call = Call::new(Method::DELETE, format!("/v1/admin/keys/{id}"));
        self.perform(call).await.map(drop)
    }

    /// A notification of an Alertmanager, under an ingest key of its source.
    pub async fn ingest_alertmanager(&self, key: &Secret, body: &Value) -> Result<(), ClientError> {
        let call = Call::new(Method::POST, "/v1/ingest/alertmanager").json(body)?;
        self.perform(call.auth(Auth::Key(key.clone()))).await.map(drop)
    }

    pub(super) async fn sign_in(&self, login: &Login) -> Result<Tokens, ClientError> {
        let call = Call::new(Method::POST, "/v1/auth/login").json(login)?;
        self.fetch(call.auth(Auth::Nobody)).await
    }

    pub(super) async fn refresh(&self, token: &Secret) -> Result<Tokens, ClientError> {
        let call = Call::new(Method::POST, "/v1/auth/refresh").json(&body(token))?;
        self.fetch(call.auth(Auth::Nobody)).await
    }

    pub(super) async fn sign_out(&self, token: &Secret) -> Result<(), ClientError> {
        let call = Call::new(Method::POST, "/v1/auth/logout").json(&body(token))?;
        self.perform(call.auth(Auth::Nobody)).await.map(drop)
    }
}

fn body(token: &Secret) -> Refresh {
    Refresh { refresh_token: token.expose().to_owned() }
}
