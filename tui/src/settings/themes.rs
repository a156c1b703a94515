//! `theme`: a built-in one, or a file in `themes` beside `config.toml`.

use std::fs;
use std::path::Path;

use super::reader::{Name, Reader, Value};
use crate::ink::{BUILT_IN, Ink, Inks, Role};

/// None where the usual one must stand in.
pub fn read(reader: &mut Reader, name: &Name, value: &Value) -> Option<Inks> {
    let wanted = reader.text(name, value)?;
    let folder = reader.file.with_file_name("themes");
    if wanted.is_empty() || wanted.contains(['/', '\0']) || wanted.starts_with('.') {
        reader.wrong(value.span(), "theme must be a name, without a path and without .toml");
        return None;
    }
    let file = folder.join(format!("{wanted}.toml"));
    // One's own comes first, so that a built-in one can be changed.
    match fs::read_to_string(&file) {
        Ok(text) => return Some(own(reader, &file, &text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            reader.wrong(value.span(), format!("{} cannot be read: {error}", file.display()));
            return None;
        }
    }
    if let Some(inks) = built_in(wanted) {
        return Some(inks);
    }
    let names = BUILT_IN.map(|(name, _)| name).join(", ");
    let file = file.display();
    let text = format!("there is no theme {wanted:?}: there is {names}, and yours would be {file}");
    reader.wrong(value.span(), text);
    None
}

fn built_in(name: &str) -> Option<Inks> {
    let (name, text) = BUILT_IN.into_iter().find(|(it, _)| *it == name)?;
    let mut reader = Reader::new(Path::new(name), text);
    Some(inks(&mut reader))
}

fn own(reader: &mut Reader, file: &Path, text: &str) -> Inks {
    let mut theirs = Reader::new(file, text);
    let inks = theirs.lightly(inks);
    reader.add(theirs.mistakes());
    inks
}

/// What a theme does not name is that of its `base`, or of the dark one.
fn inks(reader: &mut Reader) -> Inks {
    let table = reader.document();
    let mut inks = Inks::default();
    for (name, value) in table.iter().filter(|(name, _)| name.get_ref() == "base") {
        let base = reader.text(name, value).map(|base| (base, built_in(base)));
        match base {
            Some((_, Some(base))) => inks = base,
            Some((base, None)) => {
                let names = BUILT_IN.map(|(name, _)| name).join(", ");
                reader
                    .wrong(value.span(), format!("base cannot be {base:?}: it is one of {names}"));
            }
            None => {}
        }
    }
    for (name, value) in table.iter().filter(|(name, _)| name.get_ref() != "base") {
        let Some(role) = Role::ALL.into_iter().find(|role| role.name() == name.get_ref()) else {
            reader.unknown(name, "role", &Role::ALL.map(Role::name));
            continue;
        };
        match reader.text(name, value).map(Ink::read) {
            Some(Ok(ink)) => inks.set(role, ink),
            Some(Err(why)) => reader.wrong(value.span(), format!("{} {why}", name.get_ref())),
            None => {}
        }
    }
    inks
}
