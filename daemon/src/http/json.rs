//! JSON bodies, with refusals that name the field.

use std::fmt::Write as _;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use serde_json::error::Category;
use watchfire_shared::problem::Code;

use super::error::{Error, Result};

/// Characters of a parser's message that are passed on: it may quote the whole body.
const MESSAGE_MAX: usize = 200;

/// Parsed once; only a body that fails is parsed again to find the place.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    // A struct would be read from an array too, by the order of its fields.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(not_an_object(bytes));
    }
    refuse_nul(bytes)?;
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        Category::Data => misfit::<T>(bytes),
        Category::Syntax | Category::Eof | Category::Io => malformed(&error),
    })
}

fn not_an_object(bytes: &[u8]) -> Error {
    match serde_json::from_slice::<IgnoredAny>(bytes) {
        Ok(_) => Error::field("body", "must be a JSON object"),
        Err(_) if bytes.trim_ascii().is_empty() => {
            Error::new(Code::MalformedJson, "The body is empty; send a JSON object.")
        }
        Err(error) => malformed(&error),
    }
}

fn malformed(error: &serde_json::Error) -> Error {
    Error::new(
        Code::MalformedJson,
        format!("The body is not valid JSON: {}.", shortened(&error.to_string())),
    )
}

/// JSON, but not of this shape: names the field.
fn misfit<T: DeserializeOwned>(bytes: &[u8]) -> Error {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut json) else {
        return Error::internal("a body that was refused was accepted when it was read again");
    };
    let path = error.path().to_string();
    let path = if path == "." { String::new() } else { path };
    named(&path, &error.into_inner().to_string())
}

/// Turns the words of a deserializer into an error that names the field; `path` is where it stood.
pub(super) fn named(path: &str, message: &str) -> Error {
    let message = message.split(" at line ").next().unwrap_or(message);
    let quoted = |prefix: &str| {
        let rest = message.strip_prefix(prefix)?.strip_prefix('`')?;
        // An unknown name may hold backticks itself: the last one before the list of known names.
        let end = rest.find("`, ").or_else(|| rest.rfind('`'))?;
        Some((&rest[..end], rest[end + 1..].trim_start_matches(", ")))
    };
    if let Some((name, known)) = quoted("unknown field ") {
        let mut words = "does not exist".to_owned();
        if !known.is_empty() {
            write!(words, "; {}", shortened(known)).expect("writing to a string cannot fail");
        }
        return Error::named(Code::UnknownField, within(path, name), words);
    }
    if let Some((name, _)) = quoted("missing field ") {
        return Error::field(within(path, name), "is required");
    }
    if let Some((name, _)) = quoted("duplicate field ") {
        return Error::field(within(path, name), "is given twice");
    }
    let field = if path.is_empty() { "body" } else { path };
    Error::field(field, shortened(message))
}

/// `name` inside `path`; the path may already end in it.
fn within(path: &str, name: &str) -> String {
    let name = shortened(name);
    if path.is_empty() || path == name {
        name
    } else if path.ends_with(&format!(".{name}")) {
        path.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn shortened(message: &str) -> String {
    match message.char_indices().nth(MESSAGE_MAX) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.to_owned(),
    }
}

/// PostgreSQL cannot store NUL in a text, so none is taken, whichever database it is.
fn refuse_nul(bytes: &[u8]) -> Result<()> {
    // Only written as an escape can it stand in JSON.
    if !bytes.windows(6).any(|window| window == b"\\u0000") {
        return Ok(());
    }
    let value: Value = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
    match nul_in(&value, "") {
        Some(field) => Err(Error::field(field, "must not hold the character NUL")),
        None => Ok(()),
    }
}

/// The path of the first text, or of the first name, that holds NUL.
fn nul_in(value: &Value, path: &str) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(|| path.to_owned()),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| nul_in(item, &format!("{path}[{index}]"))),
        Value::Object(fields) => fields.iter().find_map(|(name, item)| {
            let inside = within(path, name);
            if name.contains('\0') { Some(inside) } else { nul_in(item, &inside) }
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}
