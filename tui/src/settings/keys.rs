//! `[keys]`: other keys for actions, by name.

use std::ops::Range;

use super::reader::{Name, Reader, Value};
use crate::action::Action;
use crate::event::KeyInput;
use crate::keymap::{Keymap, Wish, bindings, read_key};

pub fn read(reader: &mut Reader, name: &Name, value: &Value) -> Keymap {
    let mut wishes = Vec::new();
    let mut places = Vec::new();
    for (name, value) in reader.table(name, value).into_iter().flatten() {
        let Some(action) = action(name.get_ref()) else {
            let mut known: Vec<&str> = bindings().map(|it| it.action.name()).collect();
            known.dedup();
            reader.unknown(name, "action", &known);
            continue;
        };
        if let Some(keys) = keys(reader, name, value) {
            wishes.push(Wish { action, keys });
            places.push((action, name.span()));
        }
    }
    // Of two wishes for one key the upper one has it, so they are heard in the order of the file.
    let line = |action: Action| {
        places
            .iter()
            .find(|(it, _)| *it == action)
            .map_or(0..0, |(_, span): &(_, Range<usize>)| span.clone())
    };
    wishes.sort_by_key(|wish| line(wish.action).start);
    let (keymap, objections) = Keymap::new(&wishes);
    for objection in objections {
        reader.wrong(line(objection.action), objection.to_string());
    }
    keymap
}

fn action(name: &str) -> Option<Action> {
    bindings().map(|binding| binding.action).find(|action| action.name() == name)
}

/// None where nothing usable is said; `[]` and `"none"` mean no key.
fn keys(reader: &mut Reader, name: &Name, value: &Value) -> Option<Vec<KeyInput>> {
    let texts = reader.texts(name, value)?;
    if texts.iter().all(|(text, _)| *text == "none") {
        return Some(Vec::new());
    }
    let mut keys = Vec::new();
    for (text, place) in texts {
        match read_key(text) {
            Ok(key) => keys.push(key),
            Err(why) => reader.wrong(place, format!("{}: {text:?} {why}", name.get_ref())),
        }
    }
    (!keys.is_empty()).then_some(keys)
}
