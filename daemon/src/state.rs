//! The state folder: private files, the lock of the embedded daemon, and the file that says where
//! it listens.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::Serialize;

const ADDRESS: &str = "daemon.json";
const LOCK: &str = "daemon.lock";
const OWNER_TOKEN: &str = "owner.token";
const AUTH_SECRET: &str = "auth.secret";

/// A folder only its owner may enter.
#[derive(Debug, Clone)]
pub struct StateDir(PathBuf);

/// Held while a daemon lives; the file stays, the lock ends with the process.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held for its lock")] File);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("another daemon runs on {}", .0.display())]
    Taken(PathBuf),
    #[error("cannot use {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

type Result<T, E = Error> = std::result::Result<T, E>;

/// What clients read to find the daemon.
#[derive(Serialize)]
struct Running {
    address: SocketAddr,
    pid: u32,
    version: &'static str,
}

impl StateDir {
    /// Makes the folder where it is missing, and makes it private where it is not.
    pub fn open(path: &Path) -> Result<Self> {
        let failed = |source| Error::Io { path: path.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let mut permissions = std::fs::metadata(path).map_err(failed)?.permissions();
        if permissions.mode() & 0o077 != 0 {
            permissions.set_mode(0o700);
            std::fs::set_permissions(path, permissions).map_err(failed)?;
        }
        Ok(Self(path.to_owned()))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn log_file(&self) -> PathBuf {
        self.0.join("daemon.log")
    }

    /// Takes the lock, or says that another daemon has it.
    pub fn lock(&self) -> Result<Lock> {
        lock_file(&self.0.join(LOCK)).map_err(|error| match error {
            Error::Taken(_) => Error::Taken(self.0.clone()),
            io @ Error::Io { .. } => io,
        })
    }

    /// Says where this process listens, now that it does.
    pub fn announce(&self, address: SocketAddr) -> Result<()> {
        let version = env!("CARGO_PKG_VERSION");
        let running = Running { address, pid: std::process::id(), version };
        let text = serde_json::to_string(&running).map_err(io::Error::from);
        let path = self.0.join(ADDRESS);
        let text = text.map_err(|source| Error::Io { path: path.clone(), source })?;
        write_private(&path, &text)
    }

    /// Takes the announcement back.
    pub fn withdraw(&self) {
        std::fs::remove_file(self.0.join(ADDRESS)).ok();
    }

    /// The token the embedded owner signs in with; none while there is no such file.
    pub fn owner_token(&self) -> Result<Option<String>> {
        read_optional(&self.0.join(OWNER_TOKEN))
    }

    pub fn keep_owner_token(&self, token: &str) -> Result<()> {
        write_private(&self.0.join(OWNER_TOKEN), token)
    }

    /// The secret made at the first start.
    pub fn own_secret(&self, make: impl FnOnce() -> String) -> Result<String> {
        let path = self.0.join(AUTH_SECRET);
        if let Some(secret) = read_optional(&path)? {
            return Ok(secret);
        }
        let secret = make();
        write_private(&path, &secret)?;
        Ok(secret)
    }
}

/// Takes the lock of one file, making it where it is missing.
pub fn lock_file(path: &Path) -> Result<Lock> {
    let failed = |source| Error::Io { path: path.to_owned(), source };
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).read(true).mode(0o600);
    let file = file.open(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(Error::Taken(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

fn read_optional(path: &Path) -> Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Io { path: path.to_owned(), source }),
    }
}

/// Whole or not at all, and readable by its owner alone from the first byte on.
fn write_private(path: &Path, text: &str) -> Result<()> {
    let failed = |source| Error::Io { path: path.to_owned(), source };
    let temporary = path.with_extension("new");
    std::fs::remove_file(&temporary).ok();
    let mut options = OpenOptions::new();
    let mut file =
        options.create_new(true).write(true).mode(0o600).open(&temporary).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&temporary, path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_daemon_holds_a_folder_and_its_files_are_private() {
        let parent = tempfile::tempdir().expect("a folder");
        let state = StateDir::open(&parent.path().join("a/b")).expect("opens");
        let lock = state.lock().expect("free");
        assert!(matches!(state.lock(), Err(Error::Taken(_))));
        drop(lock);
        let _again = state.lock().expect("free again");
        state.keep_owner_token("wft_x").expect("writes");
        assert_eq!(state.owner_token().expect("reads").as_deref(), Some("wft_x"));
        let mode = |path: &Path| std::fs::metadata(path).expect("is there").permissions().mode();
        assert_eq!(mode(state.path()) & 0o777, 0o700);
        assert_eq!(mode(&state.path().join(OWNER_TOKEN)) & 0o777, 0o600);
    }
}
