//! What an action is called in `config.toml` and wherever actions are named (a name that people wrote
//! into their files stays), and whether it changes anything.

use super::{Action, Edit, Mark, Move, PersonAction, Place, Step};

impl Action {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quit => "quit",
            Self::Help => "help",
            Self::Back => "back",
            Self::Open => "open",
            Self::Go(Place::Incidents) => "go-incidents",
            Self::Go(Place::Logs) => "go-logs",
            Self::Go(Place::Cache) => "go-cache",
            Self::Go(Place::Events) => "go-events",
            Self::Go(Place::Health) => "go-health",
            Self::Go(Place::People) => "go-people",
            Self::Move(Move::Down) => "down",
            Self::Move(Move::Up) => "up",
            Self::Move(Move::First) => "first",
            Self::Move(Move::Last) => "last",
            Self::Move(Move::HalfDown) => "half-page-down",
            Self::Move(Move::HalfUp) => "half-page-up",
            Self::Move(Move::PageDown) => "page-down",
            Self::Move(Move::PageUp) => "page-up",
            Self::NextTab => "next-tab",
            Self::PreviousTab => "previous-tab",
            Self::Wide => "wide",
            Self::Query => "query",
            Self::Related => "related",
            Self::NextSort => "next-sort",
            Self::Views => "views",
            Self::NextGroup => "next-group",
            Self::ReverseSort => "reverse-sort",
            Self::Reload => "reload",
            Self::CommandLog => "command-log",
            Self::Handover => "handover",
            Self::Save => "save",
            Self::Last => "last-view",
            Self::Palette => "palette",
            Self::Contexts => "contexts",
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
            Self::Complete => "complete",
            Self::Recall { earlier: true } => "earlier-query",
            Self::Recall { earlier: false } => "later-query",
            Self::NextField => "next-field",
            Self::PreviousField => "previous-field",
            Self::Edit(Edit::Left) => "text-left",
            Self::Edit(Edit::Right) => "text-right",
            Self::Edit(Edit::Start) => "text-start",
            Self::Edit(Edit::End) => "text-end",
            Self::Edit(Edit::Backspace) => "delete-before",
            Self::Edit(Edit::Delete) => "delete-after",
            Self::Edit(Edit::BackWord) => "delete-word",
            Self::Edit(Edit::ToStart) => "delete-to-start",
            Self::Edit(Edit::ToEnd) => "delete-to-end",
            Self::Edit(Edit::NewLine) => "new-line",
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
            | Self::Wide
            | Self::Query
            | Self::Related
            | Self::NextSort
            | Self::Views
            | Self::NextGroup
            | Self::ReverseSort
            | Self::Reload
            | Self::CommandLog
            | Self::Handover
            | Self::Save
            | Self::Last
            | Self::Palette
            | Self::Contexts
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
            | Self::Complete
            | Self::Recall { .. }
            | Self::NextField
            | Self::PreviousField
            | Self::Edit(_)
            // Whether it does is said of each.
            | Self::Own(_) => false,
        }
    }
}
