//! What `config.toml` says, and every mistake in it with its line. What decides which daemon is asked
//! and what may be done must be right before anything begins; a mistake about keys or looks keeps
//! nobody from an incident: the default stands in, and the screen says so.

mod columns;
mod commands;
mod contexts;
mod keys;
mod notify;
mod reader;
mod themes;
pub mod url;
mod views;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

pub use contexts::Context;
use reader::Reader;
use toml::de::DeTable;

use crate::model::setup::Setup;

/// What a person configured; what they left out is the default.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub url: Option<String>,
    pub color: Option<bool>,
    pub ascii: Option<bool>,
    /// Nothing may be changed from here.
    pub read_only: bool,
    /// The name of the usual one.
    pub context: Option<String>,
    pub contexts: BTreeMap<String, Context>,
    pub theme: Option<String>,
    /// Where each setting stands, from 1.
    pub lines: BTreeMap<String, usize>,
    pub setup: Setup,
}

/// One mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    pub file: PathBuf,
    /// From 1.
    pub line: usize,
    /// One sentence: what is wrong, and what to do.
    pub text: String,
    pub weight: Weight,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Nothing begins with it.
    Serious,
    /// The default stands in.
    Light,
}

impl Mistake {
    /// Without the folder, for a screen.
    pub fn short(&self) -> String {
        let name = self.file.file_name().unwrap_or_default().display();
        format!("{name}:{}: {}", self.line, self.text)
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.text)
    }
}

const NAMES: [&str; 13] = [
    "commands",
    "url",
    "context",
    "contexts",
    "color",
    "ascii",
    "theme",
    "columns",
    "keys",
    "mouse",
    "notify",
    "read_only",
    "views",
];

/// Reads the text of a file; the mistakes are in the order of its lines.
pub fn read(file: &Path, text: &str) -> (Settings, Vec<Mistake>) {
    let mut reader = Reader::new(file, text);
    let mut settings = Settings::default();
    let mut own = commands::Found::new();
    for (name, value) in &reader.document() {
        settings.lines.insert(name.get_ref().clone().into_owned(), reader.line(name.span()));
        for inner in value.get_ref().as_table().into_iter().flat_map(DeTable::keys) {
            let full = format!("{}.{}", name.get_ref(), inner.get_ref());
            settings.lines.insert(full, reader.line(inner.span()));
        }
        match name.get_ref().as_ref() {
            "context" => settings.context = reader.text(name, value).map(str::to_owned),
            "contexts" => settings.contexts = contexts::read(&mut reader, name, value),
            "commands" => own = reader.lightly(|it| commands::read(it, value)),
            "url" => settings.url = reader.url(name, value),
            "color" => settings.color = reader.switch(name, value),
            "ascii" => settings.ascii = reader.switch(name, value),
            "read_only" => settings.read_only = reader.switch(name, value).unwrap_or(true),
            "columns" => {
                settings.setup.columns = reader.lightly(|it| columns::read(it, name, value));
            }
            "theme" => {
                if let Some(inks) = reader.lightly(|it| themes::read(it, name, value)) {
                    settings.theme = value.get_ref().as_str().map(str::to_owned);
                    settings.setup.inks = inks;
                }
            }
            "mouse" => {
                let mouse = reader.lightly(|it| it.switch(name, value));
                settings.setup.mouse = mouse.unwrap_or_default();
            }
            "notify" => settings.setup.notify = reader.lightly(|it| notify::read(it, name, value)),
            "views" => settings.setup.views = reader.lightly(|it| views::read(it, name, value)),
            "keys" => settings.setup.keymap = reader.lightly(|it| keys::read(it, name, value)),
            _ => reader.unknown(name, "setting", &NAMES),
        }
    }
    reader.lightly(|it| commands::bind(it, &mut settings.setup, own));
    (settings, reader.mistakes())
}

#[cfg(test)]
mod tests;
