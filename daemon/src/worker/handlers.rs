//! What each type of event leads to. A handler reads and decides; what it decided is done in the
//! transaction that advances the inbox, so it may run again as often as it likes.

use watchfire_shared::event::{Event, Fact};

use crate::service::Result;
use crate::service::inbox::{Effect, Inbox};

/// What is to be done because of an event.
pub async fn decide(inbox: &Inbox, event: &Event) -> Result<Effect> {
    match &event.fact {
        Fact::IncidentCreated { incident } | Fact::LogAttached { incident, .. } => {
            Ok(Effect::AskForAssessment(incident.id))
        }
        Fact::AssessmentRequested { incident, assessment } => {
            let summary = inbox.summarise(incident.id).await?;
            Ok(Effect::CompleteAssessment {
                incident: incident.id,
                assessment: assessment.id,
                summary,
            })
        }
        _ => Ok(Effect::Nothing),
    }
}
