//! `[notify]`: how a new incident is told to somebody who looks elsewhere.

use super::reader::{Name, Reader, Value};
use crate::model::notify::{Bell, Desktop, Wanted};

const NAMES: [&str; 2] = ["bell", "desktop"];

pub fn read(reader: &mut Reader, name: &Name, value: &Value) -> Wanted {
    let mut notify = Wanted::default();
    for (name, value) in reader.table(name, value).into_iter().flatten() {
        match name.get_ref().as_ref() {
            "bell" => notify.bell = bell(reader, value),
            "desktop" => notify.desktop = desktop(reader, name, value),
            _ => reader.unknown(name, "setting", &NAMES),
        }
    }
    notify
}

fn bell(reader: &mut Reader, value: &Value) -> Bell {
    match (value.get_ref().as_bool(), value.get_ref().as_str()) {
        (Some(true), _) => Bell::Critical,
        (Some(false), _) => Bell::Nothing,
        (None, Some("new")) => Bell::New,
        _ => {
            let text = "bell must be true (critical ones), \"new\" (every new one) or false";
            reader.wrong(value.span(), text);
            Bell::Nothing
        }
    }
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
