//! Where somebody is, so that they can come back.

use watchfire_shared::ids::IncidentId;

use super::detail::Tab;
use super::{Model, Screen};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spot {
    List { query: String },
    Detail { id: IncidentId, tab: Tab, from: Screen },
    Logs,
    Cache,
    Events,
    Health,
    People,
}

impl Spot {
    pub fn of(model: &Model) -> Self {
        match (model.screen, &model.detail) {
            (Screen::Logs, _) => Self::Logs,
            (Screen::Cache, _) => Self::Cache,
            (Screen::Events, _) => Self::Events,
            (Screen::Health, _) => Self::Health,
            (Screen::People, _) => Self::People,
            (Screen::Detail, Some(detail)) => {
                Self::Detail { id: detail.id, tab: detail.tab, from: detail.from }
            }
            (Screen::Incidents | Screen::Detail, _) => {
                Self::List { query: model.list.query.applied.clone() }
            }
        }
    }

    /// Whether it is the same view: the tabs of an incident are one.
    pub fn is_same_view(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Detail { id, .. }, Self::Detail { id: other, .. }) => id == other,
            _ => self == other,
        }
    }
}
