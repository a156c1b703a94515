//! What a person does through the HTTP API, as verbs.

use std::fmt::Display;
use std::sync::Once;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use watchfire_shared::alert::Alert;
use watchfire_shared::event::{Event, EventPage};
use watchfire_shared::incident::{Comment, Incident, Status};
use watchfire_shared::log::{LogEntry, LogsAccepted};
use watchfire_shared::page::{IncidentPage, Page};

use crate::reply::Reply;
use crate::stream::Stream;

/// No single request takes longer.
const LIMIT: Duration = Duration::from_secs(30);

/// Somebody with a token, or nobody.
#[derive(Debug, Clone)]
pub struct Api {
    client: Client,
    base: String,
    token: Option<String>,
}

/// A request before it is sent.
#[derive(Debug)]
#[must_use = "nothing happens before `send`"]
pub struct Request(RequestBuilder);

impl Request {
    pub fn json(self, body: &impl Serialize) -> Self {
        Self(self.0.json(body))
    }

    /// A body exactly as given, for what is not JSON or not valid.
    pub fn body(self, content_type: &str, body: impl Into<reqwest::Body>) -> Self {
        Self(self.0.header("content-type", content_type).body(body))
    }

    pub fn header(self, name: &str, value: impl Display) -> Self {
        Self(self.0.header(name, value.to_string()))
    }

    pub async fn send(self) -> Reply {
        self.try_send().await.expect("the daemon answers")
    }

    /// For tests that cut the daemon or the connection while they ask.
    pub async fn try_send(self) -> reqwest::Result<Reply> {
        Reply::read(self.0.send().await?).await
    }
}

/// A client without a limit on the whole answer, which a stream does not have.
fn client() -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Whoever chose first in this process chose as well as we do.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    Client::builder().connect_timeout(LIMIT).no_proxy().build().expect("a client can be made")
}

impl Api {
    pub fn new(base: String, token: Option<String>) -> Self {
        Self { client: client(), base, token }
    }

    /// The daemon's address and port.
    pub fn host(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// What it signs in with.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Any request; `path` starts with a slash and carries its query.
    pub fn request(&self, method: Method, path: &str) -> Request {
        Request(self.builder(method, path).timeout(LIMIT))
    }

    fn builder(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn read(&self, path: &str) -> Reply {
        self.request(Method::GET, path).send().await
    }

    pub async fn post(&self, path: &str, body: &impl Serialize) -> Reply {
        self.request(Method::POST, path).json(body).send().await
    }

    pub async fn create(&self, title: &str) -> Incident {
        self.create_with(json!({ "title": title })).await
    }

    pub async fn create_with(&self, body: Value) -> Incident {
        self.post("/v1/incidents", &body).await.ok()
    }

    /// By id or reference.
    pub async fn get(&self, incident: impl Display) -> Incident {
        self.read(&format!("/v1/incidents/{incident}")).await.ok()
    }

    pub async fn patch(&self, incident: impl Display, patch: Value) -> Reply {
        self.request(Method::PATCH, &format!("/v1/incidents/{incident}")).json(&patch).send().await
    }

    pub async fn set_status(&self, incident: impl Display, status: Status) -> Incident {
        self.patch(incident, json!({ "status": status })).await.ok()
    }

    pub async fn acknowledge(&self, incident: impl Display) -> Incident {
        self.set_status(incident, Status::Investigating).await
    }

    pub async fn resolve(&self, incident: impl Display) -> Incident {
        self.set_status(incident, Status::Resolved).await
    }

    pub async fn close(&self, incident: impl Display) -> Incident {
        self.set_status(incident, Status::Closed).await
    }

    pub async fn comment(&self, incident: impl Display, body: &str) -> Comment {
        let path = format!("/v1/incidents/{incident}/comments");
        self.post(&path, &json!({ "body": body })).await.ok()
    }

    /// One line as an object, or many as an array.
    pub async fn attach(&self, incident: impl Display, lines: &Value) -> LogsAccepted {
        let path = format!("/v1/incidents/{incident}/logs");
        self.post(&path, lines).await.ok()
    }

    pub async fn logs(&self, incident: impl Display, query: &str) -> Vec<LogEntry> {
        let path = format!("/v1/incidents/{incident}/logs?{query}");
        self.read(&path).await.ok::<Page<LogEntry>>().items
    }

    pub async fn alerts(&self, incident: impl Display) -> Vec<Alert> {
        let path = format!("/v1/incidents/{incident}/alerts");
        self.read(&path).await.ok::<Page<Alert>>().items
    }

    /// The whole timeline, page by page.
    pub async fn timeline(&self, incident: impl Display) -> Vec<Event> {
        let path = format!("/v1/incidents/{incident}/timeline?limit=200");
        let mut page: Page<Event> = self.read(&path).await.ok();
        let mut events = page.items;
        while let Some(cursor) = page.next_cursor {
            page = self.read(&format!("{path}&cursor={cursor}")).await.ok();
            events.append(&mut page.items);
        }
        events
    }

    /// A page of the journal after a position.
    pub async fn events(&self, after: i64) -> EventPage {
        let path = format!("/v1/events?after={after}&limit=1000");
        self.read(&path).await.ok()
    }

    /// All that can be read of the journal by now.
    pub async fn journal(&self) -> Vec<Event> {
        let mut page = self.events(0).await;
        let mut events = page.items;
        while page.next_after < page.head {
            page = self.events(page.next_after).await;
            events.append(&mut page.items);
        }
        events
    }

    /// A page of incidents; `query` as in `status=open&limit=10`.
    pub async fn list(&self, query: &str) -> IncidentPage {
        self.read(&format!("/v1/incidents?{query}")).await.ok()
    }

    /// The live stream, from now on or after a position.
    pub async fn stream(&self, after: Option<i64>) -> Stream {
        let response = self.open_stream(after).await.expect("the daemon answers");
        Stream::new(response)
    }

    /// The live stream after a position; none when the daemon does not answer or cannot now.
    pub async fn try_stream(&self, after: i64) -> Option<Stream> {
        let response = self.open_stream(Some(after)).await.ok()?;
        (response.status() != StatusCode::SERVICE_UNAVAILABLE).then(|| Stream::new(response))
    }

    /// The live stream from a place named in the query or in `Last-Event-ID`.
    pub async fn stream_at(&self, query: &str, last_event_id: Option<&str>) -> Stream {
        let mut request = self.builder(Method::GET, &format!("/v1/events/stream{query}"));
        if let Some(place) = last_event_id {
            request = request.header("last-event-id", place);
        }
        let opened = tokio::time::timeout(LIMIT, request.send()).await;
        Stream::new(opened.expect("the stream opens in time").expect("the daemon answers"))
    }

    async fn open_stream(&self, after: Option<i64>) -> reqwest::Result<Response> {
        let mut request = self.builder(Method::GET, "/v1/events/stream");
        if let Some(position) = after {
            request = request.header("last-event-id", position.to_string());
        }
        let opened = tokio::time::timeout(LIMIT, request.send()).await;
        opened.expect("the stream opens in time")
    }
}
