//! `[contexts.NAME]`: several daemons, each with its name and colour.

use std::collections::BTreeMap;

use super::reader::{Name, Reader, Value};
use crate::ink::{Colour, Ink};

/// One daemon, as a person set it up.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// None: the daemon of this machine.
    pub url: Option<String>,
    /// A program and its arguments that prints a token.
    pub token_command: Vec<String>,
    pub ink: Ink,
    pub read_only: Option<bool>,
}

const NAMES: [&str; 4] = ["url", "token_command", "colour", "read_only"];

pub fn read(reader: &mut Reader, name: &Name, value: &Value) -> BTreeMap<String, Context> {
    let mut contexts = BTreeMap::new();
    for (name, value) in reader.table(name, value).into_iter().flatten() {
        let context = one(reader, name, value);
        contexts.insert(name.get_ref().clone().into_owned(), context);
    }
    contexts
}

fn one(reader: &mut Reader, name: &Name, value: &Value) -> Context {
    let mut context = Context::default();
    for (name, value) in reader.table(name, value).into_iter().flatten() {
        match name.get_ref().as_ref() {
            "url" => context.url = reader.url(name, value),
            "token_command" => context.token_command = command(reader, name, value),
            "colour" => context.ink = reader.lightly(|it| ink(it, name, value)),
            // Who meant to be careful and mistyped it stays careful.
            "read_only" => context.read_only = Some(reader.switch(name, value).unwrap_or(true)),
            _ => reader.unknown(name, "setting", &NAMES),
        }
    }
    context
}

/// Its words are taken as they are; no shell splits them again.
fn command(reader: &mut Reader, name: &Name, value: &Value) -> Vec<String> {
    let words = reader.texts(name, value).unwrap_or_default();
    let words: Vec<String> = words.into_iter().map(|(word, _)| word.to_owned()).collect();
    let program = words.first().map_or("", String::as_str);
    if program.is_empty() || (words.len() == 1 && program.contains(char::is_whitespace)) {
        let text = "token_command is a program and its arguments, as in [\"pass\", \"show\", \"watchfire\"]";
        reader.wrong(value.span(), text);
    }
    words
}

fn ink(reader: &mut Reader, name: &Name, value: &Value) -> Ink {
    let colour = reader.text(name, value).map(Colour::read);
    match colour {
        Some(Ok(colour)) => Ink::of(colour),
        Some(Err(why)) => {
            reader.wrong(value.span(), format!("colour {why}"));
            Ink::default()
        }
        None => Ink::default(),
    }
}
