//! What each role looks like, as plain data: the built-in themes, and what a person's own changes.
//! `theme` makes styles of it.

mod colour;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use colour::{Colour, Depth};

/// What a piece of the screen means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Plain,
    /// Names and headings.
    Strong,
    /// Context: ages, ids, what is closed.
    Dim,
    /// Critical, and failure.
    Bad,
    /// Asks for a person.
    Asks,
    /// Somebody's work.
    Work,
    Over,
    /// The mark of the selection, and what has just arrived.
    Accent,
    /// A mistake in what is typed.
    Mistake,
    /// The whole selected row.
    Selected,
}

impl Role {
    pub const ALL: [Self; 10] = [
        Self::Plain,
        Self::Strong,
        Self::Dim,
        Self::Bad,
        Self::Asks,
        Self::Work,
        Self::Over,
        Self::Accent,
        Self::Mistake,
        Self::Selected,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Strong => "strong",
            Self::Dim => "dim",
            Self::Bad => "bad",
            Self::Asks => "asks",
            Self::Work => "work",
            Self::Over => "over",
            Self::Accent => "accent",
            Self::Mistake => "mistake",
            Self::Selected => "selected",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    Bold,
    Dim,
    Italic,
    Underlined,
    Reversed,
}

impl Mark {
    pub const ALL: [Self; 5] =
        [Self::Bold, Self::Dim, Self::Italic, Self::Underlined, Self::Reversed];

    const fn name(self) -> &'static str {
        match self {
            Self::Bold => "bold",
            Self::Dim => "dim",
            Self::Italic => "italic",
            Self::Underlined => "underlined",
            Self::Reversed => "reversed",
        }
    }
}

/// How something is written; without a colour in the terminal's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ink {
    pub fg: Option<Colour>,
    pub bg: Option<Colour>,
    marks: [bool; Mark::ALL.len()],
}

impl Ink {
    /// A colour and nothing else.
    pub fn of(colour: Colour) -> Self {
        Self { fg: Some(colour), ..Self::default() }
    }

    /// The same in the colours that a terminal has.
    #[must_use]
    pub fn within(self, depth: Depth) -> Self {
        let within = |colour: Option<Colour>| colour.map(|colour| colour.within(depth));
        Self { fg: within(self.fg), bg: within(self.bg), ..self }
    }

    /// Reads `red bold`, `#ff8800 on black underlined`. The error is half a sentence.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut ink = Self::default();
        let mut behind = false;
        for word in text.split_whitespace() {
            if let Some(mark) = Mark::ALL.into_iter().find(|mark| mark.name() == word) {
                ink.marks[mark as usize] = true;
            } else if word == "on" && !behind {
                behind = true;
                continue;
            } else {
                let place = if behind { &mut ink.bg } else { &mut ink.fg };
                if place.replace(Colour::read(word)?).is_some() {
                    return Err(format!("has a colour too much, {word}"));
                }
            }
            behind = false;
        }
        if behind { Err("ends with \"on\": say on which colour".to_owned()) } else { Ok(ink) }
    }

    pub fn marks(self) -> impl Iterator<Item = Mark> {
        Mark::ALL.into_iter().filter(move |mark| self.marks[*mark as usize])
    }
}

/// An ink for every role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inks([Ink; Role::ALL.len()]);

/// The themes that are always there.
pub const BUILT_IN: [(&str, &str); 5] = [
    ("dark", include_str!("themes/dark.toml")),
    ("light", include_str!("themes/light.toml")),
    ("mono", include_str!("themes/mono.toml")),
    ("colour-blind", include_str!("themes/colour-blind.toml")),
    ("high-contrast", include_str!("themes/high-contrast.toml")),
];

static DARK: LazyLock<Inks> =
    LazyLock::new(|| built_in("dark", Inks([Ink::default(); Role::ALL.len()])));
static MONO: LazyLock<Inks> = LazyLock::new(|| built_in("mono", *DARK));

/// A test reads all of them without a mistake.
fn built_in(name: &str, mut inks: Inks) -> Inks {
    let text = BUILT_IN.iter().find(|(it, _)| *it == name).map_or("", |(_, text)| text);
    let said: HashMap<String, String> = toml::from_str(text).unwrap_or_default();
    for role in Role::ALL {
        if let Some(Ok(ink)) = said.get(role.name()).map(|text| Ink::read(text)) {
            inks.set(role, ink);
        }
    }
    inks
}

impl Default for Inks {
    fn default() -> Self {
        *DARK
    }
}

impl Inks {
    /// Without colour.
    pub fn mono() -> Self {
        *MONO
    }

    pub const fn ink(self, role: Role) -> Ink {
        self.0[role as usize]
    }

    pub const fn set(&mut self, role: Role, ink: Ink) {
        self.0[role as usize] = ink;
    }

    /// The same in the colours that a terminal has.
    #[must_use]
    pub fn within(self, depth: Depth) -> Self {
        Self(self.0.map(|ink| ink.within(depth)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ink_is_read_in_words() {
        let ink = Ink::read("#ff8800 on black bold underlined").unwrap();
        assert_eq!(ink.fg, Some(Colour::Rgb(255, 136, 0)));
        assert_eq!(ink.bg, Some(Colour::Named(0)));
        assert_eq!(ink.marks().collect::<Vec<_>>(), [Mark::Bold, Mark::Underlined]);
        assert_eq!(Ink::read(""), Ok(Ink::default()));
        for wrong in ["redd", "red blue", "red on", "on on red", "256", "#ff88", "#gg0000", "-1"] {
            assert!(Ink::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_built_in_theme_reads_without_a_mistake() {
        for (name, text) in BUILT_IN {
            let inks: HashMap<String, String> = toml::from_str(text).unwrap();
            for (role, ink) in inks {
                assert!(Role::ALL.iter().any(|it| it.name() == role), "{name}: {role}");
                Ink::read(&ink).unwrap_or_else(|error| panic!("{name}: {role} {error}"));
            }
        }
        assert_eq!(Inks::default().ink(Role::Bad), Ink::read("red").unwrap());
        let colours = Role::ALL.map(|role| Inks::mono().ink(role));
        assert!(colours.iter().all(|ink| ink.fg.is_none() && ink.bg.is_none()));
    }

    #[test]
    fn the_selection_is_seen_without_colour_in_every_theme() {
        for (name, _) in BUILT_IN {
            let selected = built_in(name, Inks::default()).ink(Role::Selected);
            assert!(selected.marks().next().is_some(), "{name}");
        }
    }

    #[test]
    fn what_means_different_things_looks_different() {
        for (name, _) in BUILT_IN.iter().filter(|(name, _)| *name != "mono") {
            for depth in [Depth::Sixteen, Depth::Many, Depth::True] {
                let inks = built_in(name, Inks::default()).within(depth);
                let told = [Role::Bad, Role::Asks, Role::Work, Role::Over, Role::Accent];
                for (at, role) in told.iter().enumerate() {
                    for other in &told[at + 1..] {
                        let (one, two) = (inks.ink(*role), inks.ink(*other));
                        assert_ne!(one, two, "{name} {depth:?} {role:?} {other:?}");
                    }
                }
            }
        }
    }
}
