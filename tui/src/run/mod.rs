//! The screen.

use crate::client::ClientError;
use crate::config::Config;

pub fn open(_: &Config) -> Result<(), ClientError> {
    Ok(())
}
