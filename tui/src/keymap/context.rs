//! The places where keys mean something.

/// Where the keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    List,
    /// An opened incident, on another tab than the logs.
    Detail,
    Logs,
    /// The same with a search: `n` and `N` go to what it finds.
    Matches,
    /// What is most frequent in the logs of an opened incident.
    Patterns,
    /// The log lines of all incidents.
    AllLogs,
    Cache,
    Events,
    Health,
    /// The people of the installation.
    Accounts,
    Help,
    CommandLog,
    /// The incident as JSON.
    Json,
    Handover,
    /// What commands of the person's own have said.
    Output,
    /// The cache at work.
    Demonstration,
    Picker,
    /// A person to choose, found by typing.
    People,
    /// The question before many incidents are changed.
    Question,
    /// The columns of the list.
    Columns,
    /// The name of a view.
    ViewName,
    /// Where actions are chosen by name.
    Palette,
    /// A daemon to choose, found by typing.
    Chooser,
    /// The query bar.
    Query,
    /// The search of the log pane.
    Search,
    Comment,
    /// Another title of an incident.
    Title,
    /// The name of a file for log lines.
    Export,
    /// Why a dead letter is discarded.
    Reason,
    /// A person to add or to change.
    Account,
    NewIncident,
    SignIn,
}

/// What all contexts of a kind have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// One of the views, or a part of it.
    Screen,
    /// Something to read that lies on a screen.
    Page,
    /// Something to choose or confirm.
    Choice,
    /// A text field: characters are text.
    Text,
}

impl Context {
    pub const ALL: [Self; 32] = [
        Self::List,
        Self::Detail,
        Self::Logs,
        Self::Matches,
        Self::Patterns,
        Self::AllLogs,
        Self::Cache,
        Self::Events,
        Self::Health,
        Self::Accounts,
        Self::Help,
        Self::CommandLog,
        Self::Json,
        Self::Handover,
        Self::Output,
        Self::Demonstration,
        Self::Picker,
        Self::People,
        Self::Question,
        Self::Columns,
        Self::ViewName,
        Self::Palette,
        Self::Chooser,
        Self::Query,
        Self::Search,
        Self::Comment,
        Self::Title,
        Self::Export,
        Self::Reason,
        Self::Account,
        Self::NewIncident,
        Self::SignIn,
    ];

    const fn kind(self) -> Kind {
        match self {
            Self::List
            | Self::Detail
            | Self::Logs
            | Self::Matches
            | Self::Patterns
            | Self::AllLogs
            | Self::Cache
            | Self::Events
            | Self::Health
            | Self::Accounts => Kind::Screen,
            Self::Help
            | Self::CommandLog
            | Self::Json
            | Self::Handover
            | Self::Output
            | Self::Demonstration => Kind::Page,
            Self::Picker | Self::Question | Self::Columns => Kind::Choice,
            Self::People
            | Self::ViewName
            | Self::Palette
            | Self::Chooser
            | Self::Query
            | Self::Search
            | Self::Comment
            | Self::Title
            | Self::Export
            | Self::Reason
            | Self::Account
            | Self::NewIncident
            | Self::SignIn => Kind::Text,
        }
    }

    pub const fn is_screen(self) -> bool {
        matches!(self.kind(), Kind::Screen)
    }

    /// Whether characters are text here and never a command.
    pub const fn takes_text(self) -> bool {
        matches!(self.kind(), Kind::Text)
    }

    /// Where an incident is selected or open.
    pub const fn shows_incidents(self) -> bool {
        matches!(self, Self::List | Self::Detail | Self::Logs | Self::Matches | Self::Patterns)
    }

    pub const fn scrolls(self) -> bool {
        !self.takes_text() && !matches!(self, Self::Cache | Self::Health)
    }

    /// Whether something is sent, run or chosen from here.
    pub const fn is_confirmed(self) -> bool {
        matches!(self.kind(), Kind::Choice | Kind::Text) || matches!(self, Self::Demonstration)
    }

    /// Where `q` goes one level up: it ends the program from a list of everything alone.
    pub const fn is_left_by_q(self) -> bool {
        matches!(self.kind(), Kind::Page) || (self.is_screen() && !matches!(self, Self::List))
    }
}
