//! Identities. Every id is a UUIDv7, so ids sort by time; each has its own type, so that an alert
//! can never be taken for an incident.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "sqlx", derive(sqlx::Type))]
        #[cfg_attr(feature = "sqlx", sqlx(transparent))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

id! {
    /// An incident.
    IncidentId,
    /// A person, or the embedded owner.
    UserId,
    /// A fact.
    EventId,
    /// One episode of an alert.
    AlertId,
    /// A log line.
    LogEntryId,
    /// A comment.
    CommentId,
    /// An ingest key.
    KeyId,
    /// An API token.
    TokenId,
    /// A sign-in; its refresh tokens form a chain.
    SessionId,
    /// The event log of one database since its last restore (`log_id`).
    JournalId,
    /// A running daemon or worker, until it ends.
    ProcessId,
    /// One analysis of an incident.
    AssessmentId,
    /// An event that could not be handled.
    DeadLetterId,
}

/// What people call an incident: `INC-42`. Never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type))]
#[cfg_attr(feature = "sqlx", sqlx(transparent))]
pub struct Reference(pub i64);

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("INC-{}", self.0))
    }
}

impl FromStr for Reference {
    type Err = String;

    /// Accepts `INC-42` in any case.
    fn from_str(text: &str) -> Result<Self, String> {
        let (prefix, number) =
            text.split_once('-').ok_or_else(|| "must look like INC-42".to_owned())?;
        let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        if !prefix.eq_ignore_ascii_case("inc") || !digits {
            return Err("must look like INC-42".to_owned());
        }
        number.parse().map(Self).map_err(|_| "must look like INC-42".to_owned())
    }
}

impl Serialize for Reference {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// How a request names an incident: by id or by reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IncidentRef {
    Id(IncidentId),
    Reference(Reference),
}

impl FromStr for IncidentRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse()
            .map(Self::Reference)
            .or_else(|_| text.parse().map(Self::Id))
            .map_err(|_| "must be an incident's id or a reference such as INC-42".to_owned())
    }
}

impl fmt::Display for IncidentRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Reference(reference) => reference.fmt(f),
        }
    }
}
