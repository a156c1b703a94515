//! Colours and glyphs. A glyph and a word carry the meaning, colour repeats it: red is critical or a
//! failure, yellow asks for a person, blue is somebody's work, green is over, dim is context.

use ratatui::style::{Color, Modifier, Style};
use watchfire_shared::incident::{Priority, Status};
use watchfire_shared::log::Level;

use crate::model::Look;
use crate::model::commands::Tone;

#[derive(Debug, Clone, Copy)]
pub struct Theme {
    look: Look,
}

impl Theme {
    pub const fn new(look: Look) -> Self {
        Self { look }
    }

    pub const fn unicode(self) -> bool {
        self.look.unicode
    }

    const fn fg(self, colour: Color) -> Style {
        if self.look.colour { Style::new().fg(colour) } else { Style::new() }
    }

    pub const fn plain(self) -> Style {
        Style::new()
    }

    pub const fn bold(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub const fn dim(self) -> Style {
        if self.look.colour {
            Style::new().fg(Color::DarkGray)
        } else {
            Style::new().add_modifier(Modifier::DIM)
        }
    }

    /// Critical, and failure.
    pub const fn bad(self) -> Style {
        self.fg(Color::Red)
    }

    /// Asks for a person.
    pub const fn asks(self) -> Style {
        self.fg(Color::Yellow)
    }

    /// Somebody's work.
    pub const fn work(self) -> Style {
        self.fg(Color::Blue)
    }

    pub const fn over(self) -> Style {
        self.fg(Color::Green)
    }

    /// The selection, and what has just arrived.
    pub const fn accent(self) -> Style {
        self.fg(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// What is marked.
    pub const fn marked(self) -> Style {
        self.fg(Color::Magenta).add_modifier(Modifier::BOLD)
    }

    /// A mistake in what is typed.
    pub const fn mistake(self) -> Style {
        self.bad().add_modifier(Modifier::UNDERLINED)
    }

    pub const fn priority(self, priority: Priority) -> Style {
        match priority {
            Priority::Critical => self.bad(),
            Priority::High => self.asks(),
            Priority::Medium => self.plain(),
            Priority::Low => self.dim(),
        }
    }

    pub const fn status(self, status: Status) -> Style {
        match status {
            Status::Open => self.asks(),
            Status::Investigating => self.work(),
            Status::Resolved => self.over(),
            Status::Closed => self.dim(),
        }
    }

    pub const fn level(self, level: Level) -> Style {
        match level {
            Level::Fatal | Level::Error => self.bad(),
            Level::Warn => self.asks(),
            Level::Info => self.plain(),
            Level::Debug | Level::Trace => self.dim(),
        }
    }

    pub const fn tone(self, tone: Tone) -> Style {
        match tone {
            Tone::Neutral => self.plain(),
            Tone::Good => self.over(),
            Tone::Warning => self.asks(),
            Tone::Bad => self.bad(),
        }
    }

    const fn either(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.look.unicode { unicode } else { ascii }
    }

    /// Two columns at most.
    pub const fn priority_glyph(self, priority: Priority) -> &'static str {
        match priority {
            Priority::Critical => self.either("▲▲", "^^"),
            Priority::High => self.either("▲", "^"),
            Priority::Medium => self.either("─", "-"),
            Priority::Low => self.either("▽", "v"),
        }
    }

    pub const fn status_glyph(self, status: Status) -> &'static str {
        match status {
            Status::Open => self.either("○", "o"),
            Status::Investigating => self.either("◐", "%"),
            Status::Resolved => self.either("●", "*"),
            Status::Closed => self.either("✓", "+"),
        }
    }

    pub const fn tone_glyph(self, tone: Tone) -> &'static str {
        match tone {
            Tone::Neutral => self.either("·", "."),
            Tone::Good => self.either("✓", "+"),
            Tone::Warning => "!",
            Tone::Bad => self.either("✗", "x"),
        }
    }

    /// Live, old, offline.
    pub const fn live(self) -> &'static str {
        self.either("●", "*")
    }

    pub const fn old(self) -> &'static str {
        self.either("◌", "~")
    }

    pub const fn offline(self) -> &'static str {
        self.either("○", "o")
    }

    /// The mark of the selected row.
    pub const fn bar(self) -> &'static str {
        self.either("▌", ">")
    }

    /// A marked row, before its reference.
    pub const fn mark(self) -> &'static str {
        self.either("◆", "#")
    }

    pub const fn rule(self) -> &'static str {
        self.either("─", "-")
    }

    /// One column.
    pub const fn arrow(self) -> &'static str {
        self.either("→", ">")
    }

    pub const fn wall(self) -> &'static str {
        self.either("│", "|")
    }

    pub const fn pending(self) -> &'static str {
        self.either("…", "~")
    }

    pub const fn dot(self) -> &'static str {
        self.either("·", "-")
    }

    pub const fn none(self) -> &'static str {
        self.either("–", "-")
    }

    pub const fn at_least(self) -> &'static str {
        self.either("≥", ">=")
    }

    pub const fn down(self) -> &'static str {
        self.either("↓", "below")
    }

    pub const fn times(self) -> &'static str {
        self.either("×", "x")
    }

    /// A block of a bar or curve, `share` from 0 to 1, in eighths.
    pub fn block(self, share: f64) -> &'static str {
        const UNICODE: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
        const ASCII: [&str; 8] = ["_", "_", ".", ".", "-", "-", "^", "^"];
        let blocks = if self.look.unicode { UNICODE } else { ASCII };
        let step = (1..8).filter(|step| share * 8.0 >= f64::from(*step)).count();
        blocks[step]
    }

    pub const fn full(self) -> &'static str {
        self.either("█", "#")
    }

    /// In a curve, where there is nothing to show.
    pub const fn unasked(self) -> &'static str {
        self.either("·", " ")
    }

    pub const fn empty(self) -> &'static str {
        self.either("░", ".")
    }
}

/// Four columns.
pub const fn short_priority(priority: Priority) -> &'static str {
    match priority {
        Priority::Critical => "crit",
        Priority::High => "high",
        Priority::Medium => "med",
        Priority::Low => "low",
    }
}

/// Eight columns at most.
pub const fn short_status(status: Status) -> &'static str {
    match status {
        Status::Open => "open",
        Status::Investigating => "invest.",
        Status::Resolved => "resolved",
        Status::Closed => "closed",
    }
}
