//! `[notify]`: how a new critical incident is told to somebody who looks elsewhere.

use super::reader::{Name, Reader, Value};
use crate::model::notify::{Desktop, Notify};

const NAMES: [&str; 2] = ["bell", "desktop"];

pub fn read(reader: &mut Reader, name: &Name, value: &Value) -> Notify {
    let mut notify = Notify::default();
    for (name, value) in reader.table(name, value).into_iter().flatten() {
        match name.get_ref().as_ref() {
            "bell" => notify.bell = reader.switch(name, value).unwrap_or_default(),
            "desktop" => notify.desktop = desktop(reader, name, value),
            _ => reader.unknown(name, "setting", &NAMES),
        }
    }
    notify
}

fn desktop(reader: &mut Reader, name: &Name, value: &Value) -> Option<Desktop> {
    let text = reader.text(name, value)?;
    let found = Desktop::ALL.into_iter().find(|it| it.name() == text);
    if found.is_none() {
        let names = Desktop::ALL.map(Desktop::name).join(", ");
        reader.wrong(value.span(), format!("there is no desktop {text:?}: there is {names}"));
    }
    found
}
