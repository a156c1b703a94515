//! The configuration file as it is written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::cache::CacheFile;

/// The file as it is written; every setting may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_field_names, reason = "the names people write")]
pub(super) struct File {
    pub http_addr: Option<String>,
    pub metrics_addr: Option<String>,
    pub allow_remote_without_tls: bool,
    pub state_dir: Option<PathBuf>,
    pub auth_secret_file: Option<PathBuf>,
    pub database: DatabaseFile,
    pub cache: CacheFile,
    pub log: LogFile,
    pub alerts: AlertsFile,
    pub assessments: AssessmentsFile,
    pub kafka: KafkaFile,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct KafkaFile {
    pub brokers: Option<String>,
    pub topic: Option<String>,
    pub partitions: i32,
    pub options: BTreeMap<String, String>,
}

impl Default for KafkaFile {
    fn default() -> Self {
        Self { brokers: None, topic: None, partitions: 6, options: BTreeMap::new() }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AssessmentsFile {
    pub after_seconds: u32,
}

impl Default for AssessmentsFile {
    fn default() -> Self {
        Self { after_seconds: 5 }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DatabaseFile {
    pub url: Option<String>,
    pub min_connections: u32,
    pub max_connections: u32,
    pub acquire_timeout_seconds: u64,
}

impl Default for DatabaseFile {
    fn default() -> Self {
        Self { url: None, min_connections: 10, max_connections: 30, acquire_timeout_seconds: 5 }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LogFile {
    pub filter: Option<String>,
    pub format: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AlertsFile {
    pub auto_resolve: bool,
}

impl Default for AlertsFile {
    fn default() -> Self {
        Self { auto_resolve: true }
    }
}
