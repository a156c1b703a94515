//! As whom we ask: a token from the environment, a stored sign-in, or the embedded owner's file.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use watchfire_shared::session::{Login, Tokens};

use super::{Client, ClientError, ErrorKind};
use crate::private;
use crate::secret::Secret;

/// An access token is renewed this long before it ends.
const MARGIN: Duration = Duration::from_secs(30);

/// Where a request's token comes from, the first that has one.
#[derive(Debug)]
pub struct Session {
    /// Used as it is.
    given: Option<Given>,
    /// What `watchfire login` stored for this daemon.
    file: PathBuf,
    /// The embedded daemon's token file.
    owner: Option<PathBuf>,
    /// One refresh at a time; other processes are kept apart by a lock file.
    gate: tokio::sync::Mutex<()>,
}

/// A token that a person gave us.
#[derive(Debug)]
pub struct Given {
    pub token: Secret,
    /// What to do when it is refused.
    pub refused: &'static str,
    /// Why nobody can sign in beside it.
    pub beside: &'static str,
}

impl Given {
    pub const fn by_variable(token: Secret) -> Self {
        let refused = "The daemon does not know the token in WATCHFIRE_TOKEN: set another, or unset \
             it and sign in with `watchfire login`";
        let beside = "WATCHFIRE_TOKEN is set and would be used instead; unset it first";
        Self { token, refused, beside }
    }

    pub const fn by_command(token: Secret) -> Self {
        let refused = "The daemon does not know the token that token_command of config.toml \
             printed: run it by hand to see what it says";
        let beside = "token_command of config.toml gives a token that would be used instead; take it \
             out first";
        Self { token, refused, beside }
    }
}

/// A stored sign-in.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct SignedIn {
    email: String,
    access_token: Secret,
    refresh_token: Secret,
    /// Seconds since 1970.
    expires_at: u64,
}

impl SignedIn {
    fn new(email: &str, tokens: Tokens) -> Self {
        Self {
            email: email.to_owned(),
            access_token: Secret::new(tokens.access_token),
            refresh_token: Secret::new(tokens.refresh_token),
            expires_at: seconds_now().saturating_add_signed(tokens.expires_in),
        }
    }

    fn is_fresh(&self) -> bool {
        self.expires_at > seconds_now() + MARGIN.as_secs()
    }
}

impl Session {
    /// `place` names the daemon: its URL, or `embedded`.
    pub fn new(state: &Path, place: &str, given: Option<Given>, owner: Option<PathBuf>) -> Self {
        let name = utf8_percent_encode(place, NON_ALPHANUMERIC);
        Self {
            given,
            file: state.join("sessions").join(format!("{name}.json")),
            owner,
            gate: tokio::sync::Mutex::new(()),
        }
    }

    /// Whether a refused token may be exchanged for a new one.
    pub(super) fn can_renew(&self) -> bool {
        self.given.is_none() && matches!(self.load(), Ok(Some(_)))
    }

    /// What the daemon refused, in words that fit where the token came from.
    pub(super) fn explain(&self, error: ClientError) -> ClientError {
        match &self.given {
            Some(given) if error.kind == ErrorKind::Unauthenticated => {
                ClientError { message: given.refused.to_owned(), ..error }
            }
            _ => error,
        }
    }

    /// Whether there is a token at all; it may have ended.
    pub fn has_token(&self) -> bool {
        self.given.is_some()
            || matches!(self.load(), Ok(Some(_)))
            || matches!(self.owner_token(), Ok(Some(_)))
    }

    /// The token for the next request; none where nobody has signed in.
    pub(super) async fn bearer(&self, client: &Client) -> Result<Option<Secret>, ClientError> {
        if let Some(given) = &self.given {
            return Ok(Some(given.token.clone()));
        }
        match self.load()? {
            Some(stored) if stored.is_fresh() => Ok(Some(stored.access_token)),
            Some(_) => self.renew(client, false).await.map(Some),
            None => self.owner_token(),
        }
    }

    /// Exchanges the refresh token. `forced`: the access token was refused though it looks fresh.
    pub(super) async fn renew(&self, client: &Client, forced: bool) -> Result<Secret, ClientError> {
        let before = self.load()?;
        let _gate = self.gate.lock().await;
        let _lock = self.lock().await?;
        let Some(stored) = self.load()? else {
            return Err(signed_out());
        };
        // Somebody else was here first: in this process or in another.
        let renewed = before.is_some_and(|b| b.access_token != stored.access_token);
        if stored.is_fresh() && (renewed || !forced) {
            return Ok(stored.access_token);
        }
        let tokens = Box::pin(client.refresh(&stored.refresh_token)).await;
        let tokens = tokens.map_err(|error| match error.kind {
            ErrorKind::Unauthenticated => signed_out(),
            _ => error,
        })?;
        let next = SignedIn::new(&stored.email, tokens);
        self.store(&next)?;
        Ok(next.access_token)
    }

    async fn login(&self, client: &Client, login: &Login) -> Result<(), ClientError> {
        if let Some(given) = &self.given {
            return Err(ClientError::local(given.beside));
        }
        let tokens = client.sign_in(login).await.map_err(|error| match error.kind {
            ErrorKind::Unauthenticated => ClientError::new(
                ErrorKind::Unauthenticated,
                "The e-mail or the password is wrong; try again",
            ),
            _ => error,
        })?;
        let _gate = self.gate.lock().await;
        let _lock = self.lock().await?;
        self.store(&SignedIn::new(&login.email, tokens))
    }

    /// Whether anybody was signed in.
    async fn logout(&self, client: &Client) -> Result<bool, ClientError> {
        let _gate = self.gate.lock().await;
        let _lock = self.lock().await?;
        let Some(stored) = self.load()? else {
            return Ok(false);
        };
        std::fs::remove_file(&self.file).map_err(|error| trouble(&self.file, &error))?;
        match client.sign_out(&stored.refresh_token).await {
            // A sign-in the daemon has forgotten is as good as ended.
            Err(error) if error.kind != ErrorKind::Unauthenticated => Err(error),
            _ => Ok(true),
        }
    }

    fn owner_token(&self) -> Result<Option<Secret>, ClientError> {
        let Some(path) = &self.owner else {
            return Ok(None);
        };
        let text = private::read(path).map_err(|error| trouble(path, &error))?;
        Ok(text.map(|text| Secret::new(text.trim())))
    }

    fn load(&self) -> Result<Option<SignedIn>, ClientError> {
        let text = private::read(&self.file).map_err(|error| trouble(&self.file, &error))?;
        let Some(text) = text else {
            return Ok(None);
        };
        serde_json::from_str(&text).map(Some).map_err(|_| {
            let path = self.file.display();
            ClientError::local(format!("{path} is damaged; remove it and sign in again"))
        })
    }

    fn store(&self, stored: &SignedIn) -> Result<(), ClientError> {
        let text = serde_json::to_string(stored).map_err(|error| {
            ClientError::local(format!("The sign-in cannot be stored: {error}"))
        })?;
        private::write(&self.file, &text).map_err(|error| trouble(&self.file, &error))
    }

    /// Keeps other processes from using the same refresh token at the same time.
    async fn lock(&self) -> Result<std::fs::File, ClientError> {
        let path = self.file.with_extension("lock");
        let shown = path.clone();
        let locked = tokio::task::spawn_blocking(move || {
            if let Some(folder) = path.parent() {
                private::folder(folder)?;
            }
            let file = private::open(&path)?;
            file.lock()?;
            Ok(file)
        });
        locked
            .await
            .unwrap_or_else(|error| Err(std::io::Error::other(error)))
            .map_err(|error| trouble(&shown, &error))
    }
}

impl Client {
    /// Signs in and keeps the sign-in for later runs.
    pub async fn login(&self, email: &str, password: &Secret) -> Result<(), ClientError> {
        let login = Login { email: email.to_owned(), password: password.expose().to_owned() };
        self.session().login(self, &login).await
    }

    /// Forgets the stored sign-in and ends it at the daemon; false where there was none.
    pub async fn logout(&self) -> Result<bool, ClientError> {
        self.session().logout(self).await
    }
}

fn signed_out() -> ClientError {
    let message = "The sign-in has ended; sign in again with `watchfire login`";
    ClientError::new(ErrorKind::Unauthenticated, message)
}

fn trouble(path: &Path, error: &std::io::Error) -> ClientError {
    ClientError::local(format!("{} cannot be used: {error}", path.display()))
}

fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
