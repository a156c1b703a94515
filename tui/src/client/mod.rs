//! The daemon as typed calls.
//!
//! Each call has a time limit, a request id and, where it writes, an `Idempotency-Key` that its
//! repeats share: a write whose answer got lost is asked again without happening twice.

mod api;
pub mod backoff;
pub mod error;
pub mod session;
pub mod stream;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

pub use api::{
    AllLogQuery, AssessmentQuery, CacheKeyQuery, DeadLetterQuery, IncidentQuery, LogFormat,
    LogQuery, TimelineQuery,
};
pub use error::{ClientError, ErrorKind};
use session::Session;

use crate::secret::Secret;

/// What a call may take, with its repeats.
pub const TIMEOUT: Duration = Duration::from_secs(10);
/// Uploads may take longer: 8 MiB over a slow line.
/// The daemon gives up before.
const DEMO_TIMEOUT: Duration = Duration::from_secs(30);
const UPLOAD_TIMEOUT: Duration = Duration::from_mins(1);
/// Tries of one call.
const TRIES: u32 = 3;
/// A daemon that asks for a longer pause is not waited for.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// Before a broken connection is tried again.
const SHORT_PAUSE: Duration = Duration::from_millis(50);

/// Where the daemon is now, as `http://host:port`. Asked before each call, because an embedded
/// daemon may come back at another port, and because its token may go to no other.
pub type Locate = Arc<dyn Fn() -> Result<String, ClientError> + Send + Sync>;

/// Cheap to clone; clones share connections and sign-in.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    wires: Wires,
    locate: Locate,
    session: Arc<Session>,
    /// Shared by all clones: it may change while requests wait for their turn.
    read_only: Arc<AtomicBool>,
}

/// How connections are made.
#[derive(Debug, Clone, Copy)]
struct Wires {
    /// To daemons behind TLS too.
    secure: bool,
    /// Past every proxy.
    local: bool,
}

impl Wires {
    fn open(self) -> Result<reqwest::Client, ClientError> {
        let mut builder = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .pool_idle_timeout(Duration::from_secs(30))
            .tcp_nodelay(true)
            // A redirect could carry the token to somebody else.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("watchfire/", env!("CARGO_PKG_VERSION")));
        if !self.secure {
            // No certificate is trusted, so `https` fails closed.
            builder = builder.tls_certs_only([]);
        }
        if self.local {
            builder = builder.no_proxy();
        }
        builder
            .build()
            .map_err(|error| ClientError::local(format!("TLS cannot be set up: {error}")))
    }
}

/// One call before it is sent.
struct Call {
    method: Method,
    /// With its query.
    path: String,
    body: Option<(HeaderValue, Bytes)>,
    auth: Auth,
    timeout: Duration,
    /// A status that is an answer too, though no success.
    also: Option<u16>,
}

enum Auth {
    Session,
    Nobody,
    Key(Secret),
}

/// A failed try and when it may be repeated.
struct Failure {
    error: ClientError,
    pause: Option<Duration>,
}

impl Call {
    fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            body: None,
            auth: Auth::Session,
            timeout: TIMEOUT,
            also: None,
        }
    }

    fn query(mut self, query: &impl Serialize) -> Result<Self, ClientError> {
        let text = serde_html_form::to_string(query)
            .map_err(|error| ClientError::local(format!("The query cannot be sent: {error}")))?;
        if !text.is_empty() {
            self.path = format!("{}?{text}", self.path);
        }
        Ok(self)
    }

    fn json(self, body: &impl Serialize) -> Result<Self, ClientError> {
        let bytes = serde_json::to_vec(body)
            .map_err(|error| ClientError::local(format!("The request cannot be sent: {error}")))?;
        Ok(self.raw("application/json", bytes.into()))
    }

    fn raw(mut self, content_type: &'static str, bytes: Bytes) -> Self {
        self.body = Some((HeaderValue::from_static(content_type), bytes));
        self
    }

    fn auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn also(mut self, status: u16) -> Self {
        self.also = Some(status);
        self
    }

    /// Whether sending it twice does what sending it once does.
    fn repeatable(&self) -> bool {
        // Answers with a secret are not stored by the daemon: a repeat would be refused.
        self.method == Method::GET || matches!(self.auth, Auth::Session)
    }
}

impl Client {
    /// `secure`: whether the daemon is behind TLS. Only then the machine's certificates are read,
    /// which takes longer than everything else at the start.
    pub fn new(
        locate: Locate,
        secure: bool,
        local: bool,
        session: Session,
    ) -> Result<Self, ClientError> {
        // Fails when a provider is installed already, which is then as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let wires = Wires { secure, local };
        let http = wires.open()?;
        let (session, read_only) = (Arc::new(session), Arc::default());
        Ok(Self { http, wires, locate, session, read_only })
    }

    /// The same sign-in over connections of its own: what is asked here waits behind nothing that
    /// is asked there.
    pub fn apart(&self) -> Result<Self, ClientError> {
        Ok(Self { http: self.wires.open()?, ..self.clone() })
    }

    /// From here on whatever would change something is refused before it is sent.
    #[must_use]
    pub fn read_only(self, read_only: bool) -> Self {
        self.set_read_only(read_only);
        self
    }

    /// The same, for what waits for its turn and for all clones too.
    pub fn set_read_only(&self, read_only: bool) {
        self.read_only.store(read_only, Ordering::SeqCst);
    }

    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Where the daemon is now, for a person.
    pub fn place(&self) -> Result<String, ClientError> {
        (self.locate)()
    }

    async fn fetch<T: DeserializeOwned>(&self, call: Call) -> Result<T, ClientError> {
        let bytes = self.perform(call).await?;
        serde_json::from_slice(&bytes).map_err(|error| {
            let message = format!(
                "The daemon's answer cannot be read ({error}); client and daemon may be of \
                 different versions"
            );
            ClientError::new(ErrorKind::Protocol, message)
        })
    }

    /// Sends the call, again where that is safe and promises something, within its time.
    async fn perform(&self, call: Call) -> Result<Bytes, ClientError> {
        // Signing in and out changes nothing that others see.
        let writes = call.method != Method::GET && !matches!(call.auth, Auth::Nobody);
        if writes && self.read_only.load(Ordering::SeqCst) {
            let message = "Nothing done: read_only is set in config.toml";
            return Err(ClientError::new(ErrorKind::Forbidden, message));
        }
        tokio::time::timeout(call.timeout, self.attempts(&call))
            .await
            .unwrap_or_else(|_| Err(ClientError::timeout(call.timeout)))
    }

    async fn attempts(&self, call: &Call) -> Result<Bytes, ClientError> {
        let mut was_cut = false;
        let done = self.attempts_noting(call, &mut was_cut).await;
        // A write that once was on its way may have happened, whatever its repeat met.
        done.map_err(
            |error| {
                if was_cut && call.method != Method::GET { error.after_cut() } else { error }
            },
        )
    }

    /// `was_cut`: a try broke after it was begun.
    async fn attempts_noting(&self, call: &Call, was_cut: &mut bool) -> Result<Bytes, ClientError> {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", header(&Uuid::now_v7().simple().to_string())?);
        if call.method != Method::GET {
            headers.insert("idempotency-key", header(&Uuid::new_v4().simple().to_string())?);
        }
        let mut renewed = false;
        let mut tries = 1;
        loop {
            let failure = match self.attempt(call, headers.clone()).await {
                Ok(bytes) => return Ok(bytes),
                Err(failure) => failure,
            };
            *was_cut |= matches!(failure.error.kind, ErrorKind::Interrupted | ErrorKind::Failed);
            let expired = failure.error.kind == ErrorKind::Unauthenticated
                && matches!(call.auth, Auth::Session)
                && self.session.can_renew();
            if expired && !renewed {
                renewed = true;
                self.session.renew(self, true).await?;
                continue;
            }
            match failure.pause {
                Some(pause) if tries < TRIES && call.repeatable() => {
                    tries += 1;
                    tokio::time::sleep(pause).await;
                }
                _ => return Err(failure.error),
            }
        }
    }

    async fn attempt(&self, call: &Call, headers: HeaderMap) -> Result<Bytes, Failure> {
        let base = (self.locate)()?;
        let mut request = self
            .http
            .request(call.method.clone(), format!("{base}{}", call.path))
            .headers(headers)
            .header(ACCEPT, "application/json");
        if let Some(authorization) = self.authorization(&call.auth).await? {
            request = request.header(AUTHORIZATION, authorization);
        }
        if let Some((content_type, bytes)) = &call.body {
            request = request.header(CONTENT_TYPE, content_type).body(bytes.clone());
        }
        let broken = |error: reqwest::Error| Failure {
            pause: (!error.is_connect()).then_some(SHORT_PAUSE),
            error: ClientError::transport(&base, &error.without_url()),
        };
        let response = request.send().await.map_err(broken)?;
        let status = response.status();
        let pause = retry_after(&response);
        let bytes = response.bytes().await.map_err(broken)?;
        if status.is_success() || call.also == Some(status.as_u16()) {
            return Ok(bytes);
        }
        let pause = match status.as_u16() {
            503 => pause,
            // Its repeat under the same key says what became of the write.
            500 if call.method != Method::GET => Some(SHORT_PAUSE),
            _ => None,
        };
        let error = ClientError::answer(&base, status.as_u16(), &bytes);
        let error = match call.auth {
            Auth::Session => self.session.explain(error),
            Auth::Nobody | Auth::Key(_) => error,
        };
        Err(Failure { error, pause })
    }

    async fn authorization(&self, auth: &Auth) -> Result<Option<HeaderValue>, ClientError> {
        let token = match auth {
            Auth::Nobody => None,
            Auth::Key(key) => Some(key.clone()),
            Auth::Session => self.session.bearer(self).await?,
        };
        token.as_ref().map(bearer).transpose()
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self { error, pause: None }
    }
}

fn header(text: &str) -> Result<HeaderValue, ClientError> {
    HeaderValue::from_str(text).map_err(|_| ClientError::local("A header holds a bad character"))
}

fn bearer(token: &Secret) -> Result<HeaderValue, ClientError> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(|_| {
        ClientError::local("The token holds characters a token cannot have; check WATCHFIRE_TOKEN")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// The pause the daemon asks for, where it is worth waiting for.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds)).filter(|pause| *pause <= LONGEST_PAUSE)
}
