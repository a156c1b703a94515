//! What a key can mean. [`crate::keymap`] says which key means what where; `update` says what it does.

use watchfire_shared::incident::Status;

mod name;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    Quit,
    Help,
    /// Close what is on top, or go one level up; in the list it clears the marks, then the query.
    Back,
    /// Open the selected incident.
    Open,
    Go(Place),
    Move(Move),
    NextTab,
    PreviousTab,
    /// The next screen, or the one before, in the order of their digits.
    Turn(Side),
    /// Show every column of the list, or the chosen ones.
    Wide,
    /// Choose the columns of the list, and their order.
    Columns,
    Column(ColumnAction),
    /// Give what the list shows a name in `config.toml`.
    SaveView,
    /// Edit the query of the list, or the search of the log pane.
    Query,
    /// Show what shares the service, or the next label, of the selected incident.
    Related,
    /// Load what is shown again, and try the stream now.
    Reload,
    /// Choose a saved view.
    Views,
    /// Group the list in the next way.
    NextGroup,
    /// The next order of the list.
    NextSort,
    /// The same order, the other way round.
    ReverseSort,
    CommandLog,
    /// What the next person needs to know of this shift.
    Handover,
    /// The handover of a longer shift, or a shorter one.
    Span {
        longer: bool,
    },
    /// Write what is shown to a file.
    Save,
    /// Back to the view before this one; and again.
    Last,
    /// Choose an action by its name.
    Palette,
    /// Choose another daemon.
    Contexts,
    /// Ask the terminal for the mouse, or leave it to the terminal.
    Mouse,
    /// Move the wall between what stands side by side.
    Wall(Side),
    /// Watch the cache at work.
    Demonstrate,
    Step(Step),
    AssignToMe,
    /// Choose a person.
    Assign,
    /// Choose a priority.
    Priority,
    Comment,
    /// Write another title.
    Title,
    /// Undo the last action.
    Undo,
    /// A comment in the person's own editor.
    Write,
    /// A step with a note, written there.
    Note,
    NewIncident,
    /// Ask for an analysis of the log lines.
    Assess,
    /// The incident as the API says it.
    Json,
    /// Choose something of the incident for the clipboard.
    Copy,
    /// Have the selected dead letter handled once more.
    Redrive,
    /// Give the selected dead letter up, for a reason.
    Discard,
    /// Change something about the selected person, or add one.
    Person(PersonAction),
    Mark(Mark),
    Follow,
    /// The next line of the log pane that passes its search, or the one before.
    Find {
        older: bool,
    },
    /// Show more of what stands around the lines that pass, or nothing of it.
    Around,
    /// Show what is most frequent among the lines, or the lines.
    Patterns,
    /// Break long log lines, or cut them.
    Wrap,
    /// Times, ages or nothing before log lines.
    Times,
    /// Write the log lines that are wanted to a file.
    Export,
    /// Search for a text, or for an expression.
    Expression,
    /// Show fewer log lines: the next higher level.
    RaiseLevel,
    LowerLevel,
    Confirm,
    /// Finish the word in the query bar, with the next way to go on or the one before.
    Complete {
        back: bool,
    },
    /// Put a query that was asked before into the bar, or a later one.
    Recall {
        earlier: bool,
    },
    NextField,
    PreviousField,
    Edit(Edit),
    /// Run a command of the person's own, by its place in the configuration.
    Own(usize),
}

/// A screen that a digit opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    Incidents,
    /// The incident that was opened or selected last.
    Incident,
    Logs,
    Cache,
    Events,
    Health,
    People,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Move {
    Down,
    Up,
    First,
    Last,
    HalfDown,
    HalfUp,
    PageDown,
    PageUp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    Left,
    Right,
}

/// What becomes of a column of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnAction {
    /// Shown, or no longer.
    Turn,
    /// Further to the left.
    Up,
    Down,
}

/// What an admin may do to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PersonAction {
    Add,
    Role,
    /// Deactivate, or let in again.
    Status,
    Rename,
    Password,
}

/// Which incidents of the list to mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// The selected one, or no longer.
    One,
    /// From the one marked last to the selected one.
    Range,
    /// All that the list shows, or none of them.
    All,
}

/// A step of the status machine, as people speak of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    Investigate,
    HandBack,
    Resolve,
    Reopen,
    Close,
}

impl Step {
    pub const ALL: [Self; 5] =
        [Self::Investigate, Self::Resolve, Self::Close, Self::Reopen, Self::HandBack];

    /// `hand back`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Investigate => "investigate",
            Self::HandBack => "hand back",
            Self::Resolve => "resolve",
            Self::Reopen => "reopen",
            Self::Close => "close",
        }
    }

    /// Where the incident must stand for it.
    pub const fn from(self) -> Status {
        match self {
            Self::Investigate => Status::Open,
            Self::HandBack | Self::Resolve => Status::Investigating,
            Self::Reopen | Self::Close => Status::Resolved,
        }
    }

    pub const fn to(self) -> Status {
        match self {
            Self::Investigate | Self::Reopen => Status::Investigating,
            Self::HandBack => Status::Open,
            Self::Resolve => Status::Resolved,
            Self::Close => Status::Closed,
        }
    }

    /// Whether it may be taken from `status`: the status machine of the shared rules decides.
    pub fn is_possible(self, status: Status) -> bool {
        status == self.from() && status.can_become(self.to())
    }
}

/// A change of a text field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Edit {
    Left,
    Right,
    Start,
    End,
    Backspace,
    Delete,
    /// Delete the word before the cursor.
    BackWord,
    /// Delete everything before the cursor.
    ToStart,
    /// Delete everything after the cursor.
    ToEnd,
    NewLine,
}
