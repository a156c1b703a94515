//! Events a consumer could not handle: kept until a person decides.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::event::{Actor, Event};
use crate::ids::DeadLetterId;
use crate::text_enum::text_enum;

text_enum! {
    DeadLetterKind {
        /// Its handler failed, or it follows one of its incident whose handler did.
        Parked = "parked",
        /// No event at all.
        Undecodable = "undecodable",
    }
}

text_enum! {
    DeadLetterState {
        /// For somebody's decision.
        Waiting = "waiting",
        /// About to be handled once more.
        Redriving = "redriving",
        /// Kept for the record.
        Discarded = "discarded",
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeadLetter {
    pub id: DeadLetterId,
    pub kind: DeadLetterKind,
    pub state: DeadLetterState,
    /// Who could not handle it.
    pub consumer: String,
    /// None when it is undecodable.
    pub event: Option<Event>,
    /// What arrived, in base64, when it is undecodable; in a list the first 4,096 bytes of it.
    pub bytes: Option<String>,
    /// Why it is here.
    pub cause: String,
    /// How often its handler was tried; 0 for one that only follows.
    pub attempts: i64,
    /// Where it was read.
    pub place: Option<Place>,
    pub parked_at: DateTime<Utc>,
    pub discarded: Option<Discarded>,
}

/// Where a message was read: a partition of a topic, or a position of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Place {
    /// `journal`, or the name of the topic.
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
}

/// Who decided that an event is not handled, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Discarded {
    pub by: Actor,
    pub at: DateTime<Utc>,
    pub reason: String,
}

/// The body of a discard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DiscardIn {
    /// 1 to 1,000 characters.
    pub reason: String,
}
