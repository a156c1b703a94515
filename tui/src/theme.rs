//! Colours and glyphs. A glyph and a word carry the meaning, colour repeats it: red is critical or a
//! failure, yellow asks for a person, blue is somebody's work, green is over, dim is context.

use ratatui::style::{Color, Modifier, Style};
use watchfire_shared::incident::{Priority, Status};
use watchfire_shared::log::Level;

use crate::glyph;
use crate::ink::{Colour, Ink, Inks, Mark, Role};
use crate::model::Model;
use crate::model::commands::Tone;

#[derive(Debug, Clone, Copy)]
pub struct Theme {
    inks: Inks,
    unicode: bool,
}

impl Theme {
    /// Without colour every theme is the one that has none.
    pub fn new(model: &Model) -> Self {
        let inks = if model.look.colour { model.setup.inks } else { Inks::mono() };
        Self { inks, unicode: model.look.unicode }
    }

    pub const fn unicode(self) -> bool {
        self.unicode
    }

    pub fn plain(self) -> Style {
        style(self.inks.ink(Role::Plain))
    }

    pub fn bold(self) -> Style {
        style(self.inks.ink(Role::Strong))
    }

    pub fn dim(self) -> Style {
        style(self.inks.ink(Role::Dim))
    }

    /// Critical, and failure.
    pub fn bad(self) -> Style {
        style(self.inks.ink(Role::Bad))
    }

    /// Asks for a person.
    pub fn asks(self) -> Style {
        style(self.inks.ink(Role::Asks))
    }

    /// Somebody's work.
    pub fn work(self) -> Style {
        style(self.inks.ink(Role::Work))
    }

    pub fn over(self) -> Style {
        style(self.inks.ink(Role::Over))
    }

    /// The mark of the selection, and what has just arrived.
    pub fn accent(self) -> Style {
        style(self.inks.ink(Role::Accent))
    }

    /// A mistake in what is typed.
    pub fn mistake(self) -> Style {
        style(self.inks.ink(Role::Mistake))
    }

    /// What was searched for.
    pub fn found(self) -> Style {
        style(self.inks.ink(Role::Found))
    }

    /// What has an ink of its own.
    pub fn of(self, ink: Ink) -> Style {
        style(ink)
    }

    /// The whole selected row.
    pub fn selected(self) -> Style {
        style(self.inks.ink(Role::Selected))
    }

    pub fn priority(self, priority: Priority) -> Style {
        match priority {
            Priority::Critical => self.bad(),
            Priority::High => self.asks(),
            Priority::Medium => self.plain(),
            Priority::Low => self.dim(),
        }
    }

    pub fn status(self, status: Status) -> Style {
        match status {
            Status::Open => self.asks(),
            Status::Investigating => self.work(),
            Status::Resolved => self.over(),
            Status::Closed => self.dim(),
        }
    }

    pub fn level(self, level: Level) -> Style {
        match level {
            Level::Fatal | Level::Error => self.bad(),
            Level::Warn => self.asks(),
            Level::Info => self.plain(),
            Level::Debug | Level::Trace => self.dim(),
        }
    }

    pub fn tone(self, tone: Tone) -> Style {
        match tone {
            Tone::Neutral => self.plain(),
            Tone::Good => self.over(),
            Tone::Warning => self.asks(),
            Tone::Bad => self.bad(),
        }
    }

    const fn either(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.unicode { unicode } else { ascii }
    }

    /// Two columns at most.
    pub const fn priority_glyph(self, priority: Priority) -> &'static str {
        glyph::priority(priority, self.unicode)
    }

    pub const fn status_glyph(self, status: Status) -> &'static str {
        glyph::status(status, self.unicode)
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

    /// By which column a list is ordered: the most wanted first, or last.
    pub const fn order(self, reversed: bool) -> &'static str {
        if reversed { self.either("↑", "^") } else { self.either("↓", "v") }
    }

    pub const fn about(self) -> &'static str {
        self.either("≈", "~")
    }

    pub const fn at_least(self) -> &'static str {
        self.either("≥", ">=")
    }

    pub const fn up(self) -> &'static str {
        self.either("↑", "^")
    }

    /// So many before and after.
    pub const fn around(self) -> &'static str {
        self.either("±", "+-")
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
        let blocks = if self.unicode { UNICODE } else { ASCII };
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

fn style(ink: Ink) -> Style {
    let style = Style { fg: ink.fg.map(color), bg: ink.bg.map(color), ..Style::new() };
    ink.marks().fold(style, |style, mark| {
        style.add_modifier(match mark {
            Mark::Bold => Modifier::BOLD,
            Mark::Dim => Modifier::DIM,
            Mark::Italic => Modifier::ITALIC,
            Mark::Underlined => Modifier::UNDERLINED,
            Mark::Reversed => Modifier::REVERSED,
        })
    })
}

const fn color(colour: Colour) -> Color {
    match colour {
        Colour::Named(0) => Color::Black,
        Colour::Named(1) => Color::Red,
        Colour::Named(2) => Color::Green,
        Colour::Named(3) => Color::Yellow,
        Colour::Named(4) => Color::Blue,
        Colour::Named(5) => Color::Magenta,
        Colour::Named(6) => Color::Cyan,
        Colour::Named(7) => Color::Gray,
        Colour::Named(8) => Color::DarkGray,
        Colour::Named(9) => Color::LightRed,
        Colour::Named(10) => Color::LightGreen,
        Colour::Named(11) => Color::LightYellow,
        Colour::Named(12) => Color::LightBlue,
        Colour::Named(13) => Color::LightMagenta,
        Colour::Named(14) => Color::LightCyan,
        Colour::Named(15) => Color::White,
        Colour::Named(index) | Colour::Indexed(index) => Color::Indexed(index),
        Colour::Rgb(r, g, b) => Color::Rgb(r, g, b),
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
