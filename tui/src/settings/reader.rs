//! Values of a TOML file with the lines they stand on.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Mistake, Weight, url};

pub type Name<'a> = Spanned<std::borrow::Cow<'a, str>>;
pub type Value<'a> = Spanned<DeValue<'a>>;

/// Reads values, and keeps what is wrong with them.
pub struct Reader<'a> {
    pub file: &'a Path,
    text: &'a str,
    weight: Weight,
    mistakes: Vec<Mistake>,
}

impl<'a> Reader<'a> {
    pub const fn new(file: &'a Path, text: &'a str) -> Self {
        Self { file, text, weight: Weight::Serious, mistakes: Vec::new() }
    }

    /// Everything in the file; of one that is no TOML what could be read.
    pub fn document(&mut self) -> DeTable<'a> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let text = format!("this is no TOML: {}", error.message().replace('\n', ", "));
            self.wrong(error.span().unwrap_or(0..0), text);
        }
        table.into_inner()
    }

    /// By line.
    pub fn mistakes(mut self) -> Vec<Mistake> {
        let file = self.file;
        self.mistakes.sort_by_key(|mistake| (mistake.file != file, mistake.line));
        self.mistakes
    }

    /// What is wrong here has a default to stand in for it.
    pub fn lightly<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.weight, Weight::Light);
        let read = read(self);
        self.weight = before;
        read
    }

    /// Where something stands, from 1.
    pub fn line(&self, at: Range<usize>) -> usize {
        self.text.get(..at.start).unwrap_or(self.text).matches('\n').count() + 1
    }

    pub fn wrong(&mut self, at: Range<usize>, text: impl Into<String>) {
        let line = self.line(at);
        let (file, text) = (self.file.to_owned(), text.into());
        self.mistakes.push(Mistake { file, line, text, weight: self.weight });
    }

    /// What is wrong in another file that this one leads to.
    pub fn add(&mut self, mistakes: Vec<Mistake>) {
        self.mistakes.extend(mistakes);
    }

    /// A name nobody knows.
    pub fn unknown(&mut self, name: &Name, kind: &str, known: &[&str]) {
        let text = format!(
            "there is no {kind} {name:?}: {}",
            among(name.get_ref(), known),
            name = name.get_ref()
        );
        self.wrong(name.span(), text);
    }

    pub fn switch(&mut self, name: &Name, value: &Value) -> Option<bool> {
        let switch = value.get_ref().as_bool();
        if switch.is_none() {
            self.wrong(value.span(), format!("{} must be true or false", name.get_ref()));
        }
        switch
    }

    pub fn text<'v>(&mut self, name: &Name, value: &'v Value) -> Option<&'v str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong(value.span(), format!("{} must be a text in quotes", name.get_ref()));
        }
        text
    }

    /// Several texts, each with its place; one alone needs no brackets.
    pub fn texts<'v>(
        &mut self,
        name: &Name,
        value: &'v Value,
    ) -> Option<Vec<(&'v str, Range<usize>)>> {
        if let Some(text) = value.get_ref().as_str() {
            return Some(vec![(text, value.span())]);
        }
        let array = value.get_ref().as_array();
        let texts = array.and_then(|array| {
            let text = |it: &'v Value| it.get_ref().as_str().map(|text| (text, it.span()));
            array.iter().map(text).collect()
        });
        if texts.is_none() {
            let name = name.get_ref();
            self.wrong(
                value.span(),
                format!("{name} must be texts in quotes, as in [\"a\", \"b\"]"),
            );
        }
        texts
    }

    pub fn table<'v, 't>(&mut self, name: &Name, value: &'v Value<'t>) -> Option<&'v DeTable<'t>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            let name = name.get_ref();
            self.wrong(
                value.span(),
                format!("{name} must be a table: begin it with a line [{name}]"),
            );
        }
        table
    }

    pub fn url(&mut self, name: &Name, value: &Value) -> Option<String> {
        let checked = url::check(name.get_ref(), self.text(name, value)?);
        checked.map_err(|text| self.wrong(value.span(), text)).ok()
    }
}

/// So many names say nothing any more.
const MANY: usize = 12;

/// What a name may have been meant to be; with no likely one, all there are.
fn among(name: &str, known: &[&str]) -> String {
    let alike = |it: &&&str| {
        let common = it.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
        common >= 3 || it.contains(name) || name.contains(**it)
    };
    let mut likely: Vec<&str> = known.iter().filter(alike).copied().collect();
    if likely.is_empty() && known.len() > MANY {
        return "`watchfire config show` lists them".to_owned();
    }
    if likely.is_empty() {
        known.clone_into(&mut likely);
    }
    format!("there is {}", likely.join(", "))
}
