//! Connections for the one question every request waits for. A pool gives back what it was given
//! with a look whether it still answers, which on a connection cut without a word takes until TCP
//! gives up; here a connection that was not given back is closed, and a new one needs nobody's leave.

use std::sync::{Arc, Mutex, PoisonError};

use sqlx::{ConnectOptions as _, Connection};

use super::Result;

/// At most one idle connection, and as many in use as are asked for. Cheap to clone.
#[derive(Debug)]
pub struct Standby<C: Connection> {
    options: C::Options,
    idle: Arc<Mutex<Option<C>>>,
}

impl<C: Connection> Clone for Standby<C> {
    fn clone(&self) -> Self {
        Self { options: self.options.clone(), idle: Arc::clone(&self.idle) }
    }
}

impl<C: Connection> Standby<C> {
    pub fn new(options: C::Options) -> Self {
        Self { options, idle: Arc::default() }
    }

    /// How a connection is made.
    pub fn options(&self) -> C::Options {
        self.options.clone()
    }

    /// The idle connection or a new one.
    pub async fn take(&self) -> Result<C> {
        let idle = self.slot().take();
        match idle {
            Some(connection) => Ok(connection),
            None => self.fresh().await,
        }
    }

    /// A new connection, whatever is idle.
    pub async fn fresh(&self) -> Result<C> {
        Ok(self.options.connect().await?)
    }

    /// Keeps a connection on which the last answer came in full.
    pub fn give(&self, connection: C) {
        *self.slot() = Some(connection);
    }

    /// Closes what is idle.
    pub fn clear(&self) {
        self.slot().take();
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<C>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
