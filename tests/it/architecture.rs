//! Imports run downward only, and both engines have the same migrations: read from the sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A module at the top of a crate and what it may use of its neighbours and of other crates.
struct Layer {
    module: &'static str,
    may_use: &'static [&'static str],
    /// Other crates it must not see.
    never: &'static [&'static str],
}

const fn layer(module: &'static str, may_use: &'static [&'static str]) -> Layer {
    Layer { module, may_use, never: &[] }
}

impl Layer {
    const fn never(mut self, crates: &'static [&'static str]) -> Self {
        self.never = crates;
        self
    }
}

/// Stands for everything below: what starts a program, and its commands, wire all of it.
const ALL: &[&str] = &["*"];

/// From top to bottom; `broker`, `config`, `telemetry`, `state`, `lifecycle`, `rate` and `clock` stand beside the stack.
const DAEMON: &[Layer] = &[
    layer("main", ALL),
    layer("cli", ALL),
    layer("embedded", ALL),
    layer("app", ALL),
    layer("http", &["service", "analysis", "cache", "clock", "lifecycle", "config", "telemetry"]),
    layer("worker", &["service", "analysis", "broker", "clock", "lifecycle", "config"])
        .never(&["axum"]),
    layer(
        "service",
        &["outbox", "analysis", "cache", "store", "clock", "gather", "lifecycle", "config", "rate"],
    )
    .never(&["axum", "hyper"]),
    layer("outbox", &["cache", "store", "broker", "clock", "lifecycle", "config", "rate"])
        .never(&["axum"]),
    layer("analysis", &[]).never(&["axum", "sqlx", "tokio"]),
    layer("cache", &["store", "clock", "gather", "lifecycle", "config"]).never(&["axum"]),
    layer("store", &["clock", "lifecycle", "config"]).never(&["axum"]),
    layer("config", &["telemetry"]),
    layer("telemetry", &["lifecycle"]),
    layer("broker", &["config"]),
    layer("state", &[]),
    layer("lifecycle", &[]),
    layer("rate", &[]),
    layer("gather", &[]),
    layer("clock", &[]),
];

/// What neither state nor its changes may see.
const OUTSIDE: &[&str] = &["ratatui", "crossterm", "reqwest", "tokio"];

const CLIENT: &[Layer] = &[
    layer("main", ALL),
    layer("run", ALL),
    layer("cli", ALL),
    layer("demo", ALL),
    layer("stories", ALL),
    layer("view", &["theme", "model", "action", "keymap", "event", "handover", "safe", "sift"])
        .never(&["reqwest", "tokio"]),
    layer("glyph", &[]),
    layer("theme", &["model", "ink", "glyph"]).never(&["reqwest", "tokio"]),
    layer("update", &["model", "action", "keymap", "effect", "event", "handover", "safe", "sift"])
        .never(OUTSIDE),
    layer("model", &["ink", "action", "keymap", "effect", "event", "handover", "safe", "sift"])
        .never(OUTSIDE),
    layer("keymap", &["action", "event"]).never(OUTSIDE),
    layer("event", &["effect", "handover", "safe"]).never(OUTSIDE),
    layer("handover", &["safe"]).never(OUTSIDE),
    layer("effect", &["sift"]).never(OUTSIDE),
    layer("action", &[]).never(OUTSIDE),
    layer("embedded", &["client", "config", "private", "secret"]),
    layer("client", &["config", "private", "secret"]),
    layer("config", &["settings", "model", "ink", "keymap", "private", "secret"]),
    layer("settings", &["model", "ink", "keymap", "action", "event"]),
    layer("ink", &[]).never(OUTSIDE),
    layer("panics", &["safe"]),
    layer("private", &[]),
    layer("clock", &[]),
    layer("secret", &[]),
    layer("safe", &[]).never(OUTSIDE),
    layer("sift", &[]).never(OUTSIDE),
];

#[test]
fn the_daemon_imports_downward_only() {
    assert_clean("daemon", DAEMON);
}

#[test]
fn the_client_imports_downward_only() {
    assert_clean("tui", CLIENT);
}

#[test]
fn the_view_never_changes_the_model() {
    for file in sources(&root().join("tui/src/view")) {
        let text = without_comments(&read(&file));
        assert!(
            !text.contains("&mut Model"),
            "{} takes the model to change it: a view only draws",
            file.display()
        );
    }
}

#[test]
fn an_upward_import_is_found() {
    let found = |text| offences(DAEMON, "store", &["store", "incidents"], text);
    assert_eq!(found("use crate::clock;\nuse sqlx::Row;"), [""; 0]);
    assert_eq!(found("/// Like [`crate::cache`].\nfn a() {}"), [""; 0]);
    let upward = ["store uses service"];
    assert_eq!(found("use crate::service::Caller;"), upward);
    assert_eq!(found("pub(crate) use crate::service as above;"), upward);
    assert_eq!(found("use super::super::service::Caller;"), upward);
    assert_eq!(found("fn a() { crate::service::b() }"), upward);
    assert_eq!(
        found("use crate::{clock::{self, now},\n    service::{Caller, authority::Who}};"),
        upward
    );
    assert_eq!(found("use axum::Router;"), ["store sees axum"]);
    assert_eq!(found("use crate::nonsense::X;"), [""; 0]);
}

#[test]
fn both_engines_have_the_same_migrations() {
    let names = |engine| -> BTreeSet<String> {
        let folder = root().join("migrations").join(engine);
        let entries =
            fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let postgres = names("postgres");
    assert_eq!(postgres, names("sqlite"));
    assert!(!postgres.is_empty());
    for (index, name) in postgres.iter().enumerate() {
        let number = format!("{:04}_", index + 1);
        assert!(name.starts_with(&number), "{name} should start with {number}");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Every source below a folder, or the one file of that module.
fn sources(module: &Path) -> Vec<PathBuf> {
    if !module.is_dir() {
        let file = module.with_extension("rs");
        return file.exists().then_some(file).into_iter().collect();
    }
    let entries = fs::read_dir(module).unwrap();
    entries
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() { sources(&path) } else { vec![path] }
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

fn assert_clean(package: &str, layers: &[Layer]) {
    let folder = root().join(package).join("src");
    let mut found = Vec::new();
    for file in sources(&folder) {
        let relative = file.strip_prefix(&folder).unwrap().with_extension("");
        let mut path: Vec<&str> = relative.iter().map(|part| part.to_str().unwrap()).collect();
        path.retain(|part| !matches!(*part, "lib" | "mod"));
        let Some(&module) = path.first() else {
            continue; // the map of the crate
        };
        for offence in offences(layers, module, &path, &read(&file)) {
            found.push(format!("{}: {offence}", relative.display()));
        }
    }
    assert!(found.is_empty(), "{package}:\n{}", found.join("\n"));
}

/// What a source of `module`, whose own path is `path`, uses and may not.
fn offences(layers: &[Layer], module: &str, path: &[&str], source: &str) -> Vec<String> {
    let Some(layer) = layers.iter().find(|layer| layer.module == module) else {
        return vec![format!("{module} has no place in the layers of this test")];
    };
    let text = without_comments(source);
    let neighbours = neighbours(path, &text)
        .into_iter()
        .filter(|name| layers.iter().any(|layer| layer.module == name))
        .filter(|name| name != module && layer.may_use != ALL)
        .filter(|name| !layer.may_use.contains(&name.as_str()))
        .map(|name| format!("{module} uses {name}"));
    let crates = layer
        .never
        .iter()
        .filter(|name| words_before_path(&text, name) > 0)
        .map(|name| format!("{module} sees {name}"));
    neighbours.chain(crates).collect()
}

/// Comments name what they please.
fn without_comments(source: &str) -> String {
    let lines = source.lines().map(str::trim_start);
    let code = lines.filter(|line| !line.starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}

/// How often `name::` stands in the text as a path's first word.
fn words_before_path(text: &str, name: &str) -> usize {
    places_of(text, name).count()
}

/// What follows each `name::` that is a path's first word.
fn places_of<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let pattern = format!("{name}::");
    let starts: Vec<usize> = text.match_indices(&pattern).map(|(at, _)| at).collect();
    starts.into_iter().filter_map(move |at| {
        let first = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
        first.then(|| &text[at + pattern.len()..])
    })
}

/// Top modules of the own crate that a text names, by `crate::` or by as many `super::` as lead
/// out of its own.
fn neighbours(path: &[&str], text: &str) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = places_of(text, "crate").flat_map(heads).collect();
    for mut rest in places_of(text, "super") {
        let mut climbed = 1;
        while let Some(more) = rest.strip_prefix("super::") {
            rest = more;
            climbed += 1;
        }
        if climbed >= path.len() {
            names.extend(heads(rest));
        }
    }
    names
}

/// The first words of a path or of each branch of a `{…}` group.
fn heads(text: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        let text = text.trim_start();
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
        text[..end.unwrap_or(text.len())].to_owned()
    };
    let Some(group) = text.strip_prefix('{') else {
        return vec![word(text)];
    };
    let mut heads = vec![word(group)];
    let mut depth = 0_u32;
    for (at, character) in group.char_indices() {
        match (character, depth) {
            ('{', _) => depth += 1,
            ('}', 0) => break,
            ('}', _) => depth -= 1,
            (',', 0) => heads.push(word(&group[at + 1..])),
            _ => {}
        }
    }
    heads
}
