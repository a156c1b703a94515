//! Where the keys go.

use crate::action::Action;
use crate::keymap::{Context, key_name};

use super::detail::Tab;
use super::forms::{Choice, Picker, SignIn};
use super::{Model, Overlay, Screen};

impl Model {
    /// Which keys mean something now.
    pub fn context(&self) -> Context {
        if self.asks_who().is_some() { Context::SignIn } else { self.context_below() }
    }

    /// The form that asks who one is, while it has the keys: whoever cannot answer may choose another
    /// daemon.
    pub fn asks_who(&self) -> Option<&SignIn> {
        self.sign_in.as_ref().filter(|_| !matches!(self.overlay, Some(Overlay::Chooser(_))))
    }

    /// The same as if nobody had to sign in.
    pub fn context_below(&self) -> Context {
        match &self.overlay {
            Some(Overlay::Help { .. }) => return Context::Help,
            Some(Overlay::CommandLog { .. }) => return Context::CommandLog,
            Some(Overlay::Demonstration { .. }) => return Context::Demonstration,
            Some(Overlay::Picker(Picker { choice: Choice::Assignee { .. }, .. })) => {
                return Context::People;
            }
            Some(Overlay::Picker(_) | Overlay::Copy(_)) => return Context::Picker,
            Some(Overlay::Title(_)) => return Context::Title,
            Some(Overlay::Export(_)) => return Context::Export,
            Some(Overlay::Question(_) | Overlay::Sure(_)) => return Context::Question,
            Some(Overlay::Json { .. }) => return Context::Json,
            Some(Overlay::Handover { .. }) => return Context::Handover,
            Some(Overlay::Output { .. }) => return Context::Output,
            Some(Overlay::Columns(_)) => return Context::Columns,
            Some(Overlay::ViewName(_)) => return Context::ViewName,
            Some(Overlay::Palette(_)) => return Context::Palette,
            Some(Overlay::Chooser(_)) => return Context::Chooser,
            Some(Overlay::Comment(_)) => return Context::Comment,
            Some(Overlay::Reason(_)) => return Context::Reason,
            Some(Overlay::Person(_)) => return Context::Account,
            Some(Overlay::NewIncident(_)) => return Context::NewIncident,
            None => {}
        }
        match self.screen {
            Screen::Incidents if self.list.query.editing => Context::Query,
            Screen::Incidents => Context::List,
            Screen::Logs if self.across.pane.search.editing => Context::Search,
            Screen::Logs => Context::AllLogs,
            Screen::Cache => Context::Cache,
            Screen::Events => Context::Events,
            Screen::Health => Context::Health,
            Screen::People => Context::Accounts,
            Screen::Detail => match &self.detail {
                Some(detail) if detail.logs.search.editing => Context::Search,
                Some(detail) if detail.shows_patterns() => Context::Patterns,
                Some(detail) if detail.tab == Tab::Logs => match detail.logs.wanted().pattern {
                    Some(_) => Context::Matches,
                    None => Context::Logs,
                },
                _ => Context::Detail,
            },
        }
    }

    /// The key that does something in a context, as the help page writes it.
    pub fn key(&self, context: Context, action: Action) -> Option<String> {
        let (key, _) = self.setup.keymap.key(context, action)?;
        Some(key_name(key, self.look.unicode))
    }
}
