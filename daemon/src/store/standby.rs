//! Connections for the questions that every request and every write waits for. A pool gives back what it was given
//! with a look whether it still answers, which on a connection cut without a word takes until TCP
//! gives up; here a connection that was not given back is closed, and a new one needs nobody's leave.

use std::sync::{Arc, Mutex, PoisonError};

use sqlx::{ConnectOptions as _, Connection};

use super::Result;

/// So many of those who ask again and again may ask at once.
const IDLE: usize = 2;

/// A few idle connections, and as many in use as are asked for. Cheap to clone.
#[derive(Debug)]
pub struct Standby<C: Connection> {
    options: C::Options,
    idle: Arc<Mutex<Vec<C>>>,
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

    /// An idle connection or a new one.
    pub async fn take(&self) -> Result<C> {
        let idle = self.idle().pop();
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
        let mut idle = self.idle();
        if idle.len() < IDLE {
            idle.push(connection);
        }
    }

    /// Closes what is idle.
    pub fn clear(&self) {
        self.idle().clear();
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<C>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
