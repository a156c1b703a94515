//! Where somebody is, and on a wide screen the whole way there.

use crate::action::{Action, Place};
use crate::keymap::Context;
use crate::model::{Model, Screen};
use crate::theme::Theme;

/// From this many columns on the whole way to a view is told.
const CRUMBS: u16 = 100;

/// Where somebody is: `INC-204 › logs`; from [`CRUMBS`] columns on with all of the way there:
/// `incidents › INC-204 › logs`.
pub fn place(model: &Model, width: u16, theme: Theme) -> String {
    let leaf = leaf(model);
    let over = model.overlay.is_some();
    let mut crumbs: Vec<String> = match model.screen {
        _ if model.asks_who().is_some() => Vec::new(),
        Screen::Detail => {
            let opened = model.detail.as_ref();
            let reference = opened.and_then(|detail| model.known.get(detail.id));
            let reference = reference.map(|incident| incident.reference.to_string());
            let from = opened.map_or(Screen::Incidents, |detail| detail.from);
            let from = if from == Screen::Logs { "logs" } else { "incidents" };
            let from = (width >= CRUMBS).then(|| from.to_owned());
            from.into_iter().chain(reference).collect()
        }
        _ if width < CRUMBS => Vec::new(),
        Screen::Incidents if over => vec!["incidents".to_owned()],
        Screen::Cache if over => vec!["cache".to_owned()],
        Screen::Events if over => vec!["events".to_owned()],
        Screen::Health if over => vec!["health".to_owned()],
        Screen::Logs if over => vec!["logs".to_owned()],
        Screen::People if over => vec!["people".to_owned()],
        Screen::Incidents
        | Screen::Logs
        | Screen::Cache
        | Screen::Events
        | Screen::Health
        | Screen::People => Vec::new(),
    };
    let tab = model.detail.as_ref().map(|detail| detail.tab.name().to_lowercase());
    match tab.filter(|_| !over && !crumbs.is_empty()) {
        Some(tab) => crumbs.push(tab),
        None => crumbs.push(leaf),
    }
    crumbs.join(if theme.unicode() { " › " } else { " > " })
}

/// Which screen this is, with the key that leads here: `1:incidents`, as terminals number theirs.
fn leaf(model: &Model) -> String {
    let (way, name) = match model.context() {
        Context::List | Context::Query => (Some(Action::Go(Place::Incidents)), "incidents"),
        Context::AllLogs => (Some(Action::Go(Place::Logs)), "logs"),
        Context::Cache => (Some(Action::Go(Place::Cache)), "cache"),
        Context::Events => (Some(Action::Go(Place::Events)), "events"),
        Context::Health => (Some(Action::Go(Place::Health)), "health"),
        Context::Accounts => (Some(Action::Go(Place::People)), "people"),
        Context::Account => (None, "person"),
        Context::Help => (Some(Action::Help), "help"),
        Context::CommandLog => (Some(Action::CommandLog), "commands"),
        Context::Detail
        | Context::Logs
        | Context::Matches
        | Context::Patterns
        | Context::Search => (Some(Action::Go(Place::Incident)), "incident"),
        Context::Demonstration => (None, "cache demo"),
        Context::Handover => (None, "handover"),
        Context::Json => (None, "JSON"),
        Context::Output => (None, "output"),
        Context::Palette => (None, "palette"),
        Context::Picker | Context::Chooser | Context::People => (None, "choose"),
        Context::Title => (None, "title"),
        Context::Export => (None, "file"),
        Context::Columns => (None, "columns"),
        Context::ViewName => (None, "view"),
        Context::Question => (None, "sure?"),
        Context::Comment => (None, "comment"),
        Context::Reason => (None, "discard"),
        Context::NewIncident => (None, "new incident"),
        Context::SignIn => (None, "sign in"),
    };
    let key = way.and_then(|way| model.key(Context::List, way));
    key.map_or_else(|| name.to_owned(), |key| format!("{key}:{name}"))
}
