//! What an action is called in `config.toml` and wherever actions are named (a name that people wrote
//! into their files stays), and whether it changes anything.

use super::{Action, ColumnAction, Edit, Mark, Move, PersonAction, Place, Side, Step};

impl Action {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quit => "quit",
            Self::Help => "help",
            Self::Back => "back",
            Self::Open => "open",
            Self::Go(Place::Incidents) => "go-incidents",
            Self::Go(Place::Incident) => "go-incident",
            Self::Go(Place::Logs) => "go-logs",
            Self::Go(Place::Cache) => "go-cache",
            Self::Go(Place::Events) => "go-events",
            Self::Go(Place::Health) => "go-health",
            Self::Go(Place::People) => "go-people",
            Self::Move(step) => step.name(),
            Self::NextTab => "next-tab",
            Self::PreviousTab => "previous-tab",
            Self::Turn(Side::Right) => "next-screen",
            Self::Turn(Side::Left) => "previous-screen",
            Self::Wide => "wide",
            Self::Columns => "columns",
            Self::Column(ColumnAction::Turn) => "show-column",
            Self::Column(ColumnAction::Up) => "column-up",
            Self::Column(ColumnAction::Down) => "column-down",
            Self::SaveView => "save-view",
            Self::Query => "query",
            Self::Related => "related",
            Self::NextSort => "next-sort",
            Self::Views => "views",
            Self::NextGroup => "next-group",
            Self::ReverseSort => "reverse-sort",
            Self::Reload => "reload",
            Self::CommandLog => "command-log",
            Self::Handover => "handover",
            Self::Span { longer: true } => "longer-shift",
            Self::Span { longer: false } => "shorter-shift",
            Self::Save => "save",
            Self::Last => "last-view",
            Self::Palette => "palette",
            Self::Contexts => "contexts",
            Self::Mouse => "mouse",
            Self::Wall(Side::Left) => "wall-left",
            Self::Wall(Side::Right) => "wall-right",
            Self::Demonstrate => "demonstrate-cache",
            Self::Step(Step::Investigate) => "investigate",
            Self::Step(Step::HandBack) => "hand-back",
            Self::Step(Step::Resolve) => "resolve",
            Self::Step(Step::Reopen) => "reopen",
            Self::Step(Step::Close) => "close",
            Self::AssignToMe => "assign-to-me",
            Self::Assign => "assign",
            Self::Priority => "priority",
            Self::Comment => "comment",
            Self::NewIncident => "new-incident",
            Self::Write => "write",
            Self::Note => "note",
            Self::Assess => "assess",
            Self::Json => "json",
            Self::Copy => "copy",
            Self::Title => "title",
            Self::Undo => "undo",
            Self::Mark(Mark::One) => "mark",
            Self::Mark(Mark::Range) => "mark-range",
            Self::Mark(Mark::All) => "mark-all",
            Self::Redrive => "redrive",
            Self::Discard => "discard",
            Self::Person(PersonAction::Add) => "add-person",
            Self::Person(PersonAction::Role) => "change-role",
            Self::Person(PersonAction::Status) => "deactivate",
            Self::Person(PersonAction::Rename) => "rename-person",
            Self::Person(PersonAction::Password) => "new-password",
            Self::Follow => "follow",
            Self::Find { older: false } => "next-match",
            Self::Find { older: true } => "previous-match",
            Self::Around => "around",
            Self::Patterns => "patterns",
            Self::Wrap => "wrap",
            Self::Times => "times",
            Self::Expression => "expression",
            Self::Export => "export",
            Self::RaiseLevel => "fewer-levels",
            Self::LowerLevel => "more-levels",
            Self::Confirm => "confirm",
            Self::Complete { back: false } => "complete",
            Self::Complete { back: true } => "complete-back",
            Self::Recall { earlier: true } => "earlier-query",
            Self::Recall { earlier: false } => "later-query",
            Self::NextField => "next-field",
            Self::PreviousField => "previous-field",
            Self::Edit(edit) => edit.name(),
            Self::Own(_) => "command",
        }
    }

    /// Whether it leads to a change of something that others see.
    pub const fn changes(self) -> bool {
        match self {
            Self::Demonstrate
            | Self::Step(_)
            | Self::AssignToMe
            | Self::Assign
            | Self::Priority
            | Self::Comment
            | Self::NewIncident
            | Self::Assess
            | Self::Write
            | Self::Note
            | Self::Title
            | Self::Undo
            | Self::Redrive
            | Self::Discard
            | Self::Person(_) => true,
            Self::Quit
            | Self::Help
            | Self::Back
            | Self::Open
            | Self::Go(_)
            | Self::Move(_)
            | Self::NextTab
            | Self::PreviousTab
            | Self::Turn(_)
            | Self::Wide
            | Self::Columns
            | Self::Column(_)
            | Self::SaveView
            | Self::Query
            | Self::Related
            | Self::NextSort
            | Self::Views
            | Self::NextGroup
            | Self::ReverseSort
            | Self::Reload
            | Self::CommandLog
            | Self::Handover
            | Self::Span { .. }
            | Self::Save
            | Self::Last
            | Self::Palette
            | Self::Contexts
            | Self::Mouse
            | Self::Wall(_)
            | Self::Json
            | Self::Copy
            | Self::Mark(_)
            | Self::Follow
            | Self::Find { .. }
            | Self::Around
            | Self::Patterns
            | Self::Wrap
            | Self::Times
            | Self::Expression
            | Self::Export
            | Self::RaiseLevel
            | Self::LowerLevel
            | Self::Confirm
            | Self::Complete { .. }
            | Self::Recall { .. }
            | Self::NextField
            | Self::PreviousField
            | Self::Edit(_)
            // Whether it does is said of each.
            | Self::Own(_) => false,
        }
    }
}

impl Move {
    const fn name(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Up => "up",
            Self::First => "first",
            Self::Last => "last",
            Self::HalfDown => "half-page-down",
            Self::HalfUp => "half-page-up",
            Self::PageDown => "page-down",
            Self::PageUp => "page-up",
        }
    }
}

impl Edit {
    const fn name(self) -> &'static str {
        match self {
            Self::Left => "text-left",
            Self::Right => "text-right",
            Self::Start => "text-start",
            Self::End => "text-end",
            Self::Backspace => "delete-before",
            Self::Delete => "delete-after",
            Self::BackWord => "delete-word",
            Self::ToStart => "delete-to-start",
            Self::ToEnd => "delete-to-end",
            Self::NewLine => "new-line",
        }
    }
}
