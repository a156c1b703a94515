//! `[[commands]]`: programs of the person's own. A command with a mistake in it is left out: nobody
//! wants a part of it.

use std::ops::Range;
use std::time::Duration;

use toml::de::DeTable;

use super::reader::{Name, Reader, Value};
use crate::action::Action;
use crate::event::KeyInput;
use crate::keymap::read_key;
use crate::model::own::{OwnCommand, Piece, Template, Variable, Way};
use crate::model::setup::Setup;

const NAMES: [&str; 8] =
    ["name", "key", "argv", "output", "interactive", "confirm", "dangerous", "time_limit"];
/// Seconds a program in the background may take, when nothing is said.
const TIME_LIMIT: u64 = 30;
const TIME_LIMIT_MAX: i64 = 3_600;

/// Each with where its key stands.
pub type Found = Vec<(OwnCommand, Range<usize>)>;

pub fn read(reader: &mut Reader, value: &Value) -> Found {
    let mut found = Found::new();
    let Some(array) = value.get_ref().as_array() else {
        reader.wrong(value.span(), "commands is a list: begin each with a line [[commands]]");
        return found;
    };
    for value in array {
        let Some(table) = value.get_ref().as_table() else {
            reader.wrong(value.span(), "a command is a table: begin it with a line [[commands]]");
            continue;
        };
        let Some((command, place)) = Reading::default().one(reader, table, value.span()) else {
            continue;
        };
        if found.iter().any(|(other, _)| other.name == command.name) {
            let text =
                format!("there are two commands {}: name one of them otherwise", command.name);
            reader.wrong(value.span(), text);
        } else {
            found.push((command, place));
        }
    }
    found
}

/// Gives the commands their keys, after `[keys]` has been read: a command takes its key from an
/// action, and of two commands the first has it. Either is told.
pub fn bind(reader: &mut Reader, setup: &mut Setup, found: Found) {
    for (mut command, place) in found {
        let index = setup.commands.len();
        if let Some(key) = command.key {
            let first = setup.commands.iter().find(|other| other.key == Some(key));
            if let Some(first) = first {
                let text = format!("{} has the key of {} already", command.name, first.name);
                reader.wrong(place, format!("{text}: give one of them another key"));
                command.key = None;
            } else {
                for other in setup.keymap.give(key, Action::Own(index)) {
                    let other = other.name();
                    let text = format!(
                        "the key of the command {name} is {other} too: give one of them another \
                         key, or write {other} = \"none\" below [keys]; {name} has it until then",
                        name = command.name,
                    );
                    reader.wrong(place.clone(), text);
                }
            }
        }
        setup.commands.push(command);
    }
}

/// A command as far as it has been read.
#[derive(Default)]
struct Reading {
    name: Option<String>,
    key: Option<KeyInput>,
    place: Option<Range<usize>>,
    argv: Option<Vec<Template>>,
    page: Option<bool>,
    limit: Option<Duration>,
    interactive: bool,
    confirm: bool,
    dangerous: bool,
}

impl Reading {
    fn one(
        mut self,
        reader: &mut Reader,
        table: &DeTable,
        at: Range<usize>,
    ) -> Option<(OwnCommand, Range<usize>)> {
        let mut right = true;
        for (name, value) in table {
            right &= self.setting(reader, name, value).is_some();
        }
        let Self { page, limit, interactive, confirm, dangerous, .. } = self;
        if interactive && (page.is_some() || limit.is_some()) {
            let text =
                "an interactive command has the terminal: it has no output and no time_limit";
            reader.wrong(at, text);
            return None;
        }
        if !right {
            return None;
        }
        let (Some(name), Some(argv)) = (self.name, self.argv) else {
            reader.wrong(at, "a command needs a name and argv, the program and its arguments");
            return None;
        };
        let limit = limit.unwrap_or(Duration::from_secs(TIME_LIMIT));
        let background = Way::Background { limit, page: page.unwrap_or(true) };
        let way = if interactive { Way::Terminal } else { background };
        let command = OwnCommand { name, key: self.key, argv, way, confirm, dangerous };
        Some((command, self.place.unwrap_or(at)))
    }

    /// None where something is wrong, which is told.
    fn setting(&mut self, reader: &mut Reader, name: &Name, value: &Value) -> Option<()> {
        match name.get_ref().as_ref() {
            "name" => self.name = Some(command_name(reader, name, value)?),
            "key" => {
                let text = reader.text(name, value)?;
                self.place = Some(value.span());
                self.key = match read_key(text) {
                    Ok(key) => Some(key),
                    Err(why) => {
                        reader.wrong(value.span(), format!("key: {text:?} {why}"));
                        return None;
                    }
                };
            }
            "argv" => self.argv = Some(argv(reader, name, value)?),
            "output" => {
                self.page = match reader.text(name, value)? {
                    "page" => Some(true),
                    "none" => Some(false),
                    text => {
                        let text = format!("there is no output {text:?}: there is page, none");
                        reader.wrong(value.span(), text);
                        return None;
                    }
                }
            }
            "interactive" => self.interactive = reader.switch(name, value)?,
            "confirm" => self.confirm = reader.switch(name, value)?,
            "dangerous" => self.dangerous = reader.switch(name, value)?,
            "time_limit" => self.limit = Some(limit(reader, value)?),
            _ => {
                reader.unknown(name, "setting", &NAMES);
                return None;
            }
        }
        Some(())
    }
}

fn command_name(reader: &mut Reader, name: &Name, value: &Value) -> Option<String> {
    let text = reader.text(name, value)?.trim();
    if text.is_empty() || text.chars().any(char::is_control) {
        reader.wrong(value.span(), "a command needs a name of one line");
        return None;
    }
    Some(text.to_owned())
}

fn limit(reader: &mut Reader, value: &Value) -> Option<Duration> {
    let number =
        value.get_ref().as_integer().map(|it| i64::from_str_radix(it.as_str(), it.radix()));
    let seconds = number.and_then(Result::ok).filter(|it| (1..=TIME_LIMIT_MAX).contains(it));
    if seconds.is_none() {
        let text = format!("time_limit is seconds, from 1 to {TIME_LIMIT_MAX}");
        reader.wrong(value.span(), text);
    }
    seconds.and_then(|it| u64::try_from(it).ok()).map(Duration::from_secs)
}

fn argv(reader: &mut Reader, name: &Name, value: &Value) -> Option<Vec<Template>> {
    let usage = "argv is a program and its arguments, as in [\"kubectl\", \"get\", \"pods\"]";
    let texts = reader.texts(name, value)?;
    let (mut argv, mut right) = (Vec::new(), true);
    for (text, place) in texts {
        match template(text) {
            Ok(template) => argv.push(template),
            Err(why) => {
                reader.wrong(place, format!("{text:?}: {why}"));
                right = false;
            }
        }
    }
    if !right {
        return None;
    }
    // A text alone would be split by nobody.
    let program = match (value.get_ref().as_array(), argv.first().map(|it| &it.0[..])) {
        (Some(_), Some([Piece::Text(program)])) => !program.is_empty(),
        _ => false,
    };
    if !program {
        reader.wrong(value.span(), format!("{usage}; the program is named without variables"));
        return None;
    }
    Some(argv)
}

/// `{{` and `}}` are braces.
fn template(text: &str) -> Result<Template, String> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("{{") {
            plain.push('{');
            rest = after;
        } else if let Some(after) = rest.strip_prefix("}}") {
            plain.push('}');
            rest = after;
        } else {
            let inside = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            let (name, after) = inside.ok_or("write {{ or }} for a brace")?;
            let variable = Variable::named(name).ok_or_else(|| {
                format!(
                    "there is no variable {name:?}: there is {}; {{{{ is a brace",
                    Variable::NAMES
                )
            })?;
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Value(variable));
            rest = after;
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(Template(pieces))
}
