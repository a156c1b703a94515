//! What is in force, and what said so.

use super::{Config, place};
use crate::keymap::{bindings, key_name};
use crate::model::notify::Desktop;
use crate::model::own::OwnCommand;

/// One setting as a person reads it; nothing secret.
#[derive(Debug, PartialEq, Eq)]
pub struct Shown {
    pub name: String,
    pub value: String,
    /// A variable, a line of the file, or `default`.
    pub from: String,
}

impl Config {
    /// Everything that is in force, in the order of the README.
    pub fn shown(&self) -> Vec<Shown> {
        let place = &self.place;
        let settings = &self.settings;
        let setup = &settings.setup;
        let token = match (&place.token, place.context.token_command.first()) {
            (Some(_), _) => ("(hidden)".to_owned(), "WATCHFIRE_TOKEN".to_owned()),
            (None, Some(program)) => (format!("printed by {program}"), place.from.to_owned()),
            (None, None) => ("that of the sign-in".to_owned(), "default".to_owned()),
        };
        let mut shown = vec![
            row("file", self.file.display().to_string(), &self.said("", "default")),
            row("context", place.name.as_deref().unwrap_or("none").to_owned(), place.from),
            row(
                "url",
                self.url.clone().unwrap_or_else(|| "this machine's own daemon".to_owned()),
                place.from,
            ),
            row("token", token.0, &token.1),
            row("state", self.state.display().to_string(), self.state_from),
            row(
                "color",
                (!self.mono).to_string(),
                &self.said("color", if self.mono { "NO_COLOR" } else { "default" }),
            ),
            row("ascii", (!self.utf8).to_string(), &self.said("ascii", "the locale")),
            row(
                "theme",
                settings.theme.clone().unwrap_or_else(|| "dark".to_owned()),
                &self.said("theme", "default"),
            ),
            row(
                "columns",
                setup.columns.0.iter().map(|it| it.name()).collect::<Vec<_>>().join(" "),
                &self.said("columns", "default"),
            ),
            row(
                "read_only",
                self.read_only.to_string(),
                &self.said("read_only", if self.read_only { place.from } else { "default" }),
            ),
        ];
        shown.extend(self.ways());
        shown.extend(self.named());
        shown.extend(self.keys());
        shown
    }

    /// The mouse, the bell and the desktop.
    fn ways(&self) -> [Shown; 3] {
        let setup = &self.settings.setup;
        let desktop = setup.notify.desktop.map_or("none", Desktop::name);
        let notify = self.said("notify", "default");
        [
            row("mouse", setup.mouse.to_string(), &self.said("mouse", "default")),
            row("notify.bell", setup.notify.bell.name().to_owned(), &notify),
            row("notify.desktop", desktop.to_owned(), &notify),
        ]
    }

    /// Views, commands and contexts by the names that a person gave them; no secret is in them.
    fn named(&self) -> Vec<Shown> {
        let setup = &self.settings.setup;
        let views = setup.views.iter().map(|view| ("views", &view.name, view.words()));
        let own = setup.commands.iter().map(|it| ("commands", &it.name, self.command(it)));
        let contexts = self.settings.contexts.iter().map(|(name, context)| {
            let mut words = vec![place::address(context.url.as_deref())];
            let program = context.token_command.first();
            words.extend(program.map(|program| format!("token printed by {program}")));
            words.extend(context.read_only.map(|it| format!("read_only {it}")));
            ("contexts", name, words.join(", "))
        });
        let all = views.chain(own).chain(contexts);
        all.map(|(kind, name, value)| {
            let full = format!("{kind}.{name}");
            let from = self.said(&full, &self.said(kind, "config.toml"));
            row(&full, value, &from)
        })
        .collect()
    }

    fn command(&self, command: &OwnCommand) -> String {
        let key = command.key.map(|key| format!("{}: ", key_name(key, self.utf8)));
        format!("{}{}", key.unwrap_or_default(), command.words())
    }

    /// The keys of every action, by its name.
    fn keys(&self) -> Vec<Shown> {
        // An action may have keys of its own in several places.
        let mut keys: Vec<(&str, Vec<String>)> = Vec::new();
        for (bound, binding) in self.settings.setup.keymap.bound().iter().zip(bindings()) {
            let name = binding.action.name();
            let at = keys.iter().position(|(other, _)| *other == name).unwrap_or_else(|| {
                keys.push((name, Vec::new()));
                keys.len() - 1
            });
            let all = &mut keys[at].1;
            for key in bound.keys.iter().map(|key| key_name(*key, self.utf8)) {
                if !all.contains(&key) {
                    all.push(key);
                }
            }
        }
        let shown = |(name, keys): (&str, Vec<String>)| {
            let name = format!("keys.{name}");
            let value = if keys.is_empty() { "none".to_owned() } else { keys.join(" ") };
            row(&name, value, &self.said(&name, "default"))
        };
        keys.into_iter().map(shown).collect()
    }

    /// The line of the file that says something, or who else does.
    fn said(&self, name: &str, otherwise: &str) -> String {
        let Some(line) = self.settings.lines.get(name) else {
            return otherwise.to_owned();
        };
        let wrong = self.mistakes.iter().any(|it| it.line == *line && it.file == self.file);
        if wrong {
            format!("default: config.toml:{line} is wrong")
        } else {
            format!("config.toml:{line}")
        }
    }
}

fn row(name: &str, value: String, from: &str) -> Shown {
    Shown { name: name.to_owned(), value, from: from.to_owned() }
}
