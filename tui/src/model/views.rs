//! Views of the incident list that a person has given a name.

use std::fmt::Write as _;

use watchfire_shared::page::Sort;

use super::Model;
use super::columns::Columns;
use super::groups::GroupBy;
use super::input::TextField;
use super::query::DEFAULT_QUERY;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pub name: String,
    pub query: String,
    pub sort: Sort,
    /// None: those of every list.
    pub columns: Option<Columns>,
    pub group: Option<GroupBy>,
}

impl View {
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            query: DEFAULT_QUERY.to_owned(),
            sort: Sort::default(),
            columns: None,
            group: None,
        }
    }
}

/// The name of a view, being typed, and what it will be of.
#[derive(Debug, Clone)]
pub struct ViewBox {
    pub field: TextField,
    pub view: View,
    pub error: Option<String>,
}

impl View {
    /// A table of `config.toml` that says it.
    pub fn toml(&self) -> String {
        let mut text = format!("[views.{}]\n", quoted(&self.name));
        let mut line = |name: &str, value: String| {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "{name} = {value}");
        };
        line("query", quoted(&self.query));
        if self.sort != Sort::default() {
            line("sort", quoted(&self.sort.to_string()));
        }
        if let Some(columns) = &self.columns {
            let names: Vec<String> = columns.0.iter().map(|it| quoted(it.name())).collect();
            line("columns", format!("[{}]", names.join(", ")));
        }
        if let Some(group) = self.group {
            line("group", quoted(group.name()));
        }
        text
    }

    /// All of it on one line.
    pub fn words(&self) -> String {
        let mut words = vec![self.query.clone()];
        if self.sort != Sort::default() {
            words.push(format!("sort {}", self.sort));
        }
        words.extend(self.group.map(|group| format!("group {}", group.name())));
        if let Some(columns) = &self.columns {
            let names: Vec<&str> = columns.0.iter().map(|column| column.name()).collect();
            words.push(format!("columns {}", names.join(" ")));
        }
        words.join(", ")
    }
}

/// As TOML writes a text.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.extend(format!("\\u{:04X}", u32::from(c)).chars()),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

impl Model {
    /// What the list shows, by a name.
    pub fn view_now(&self, name: &str) -> View {
        let list = &self.list;
        View {
            name: name.to_owned(),
            query: list.query.applied.clone(),
            sort: list.sort,
            columns: list.columns.clone(),
            group: list.group,
        }
    }

    /// The view by this name.
    pub fn view(&self, name: &str) -> Option<&View> {
        self.setup.views.iter().find(|view| view.name == name)
    }

    /// The name of the view that the list shows; with a star when something of it is otherwise by now.
    pub fn shown_view(&self) -> Option<String> {
        let list = &self.list;
        let name = list.view.as_ref()?;
        let as_saved = self.view(name).is_some_and(|view| {
            (&view.query, view.sort, view.group) == (&list.query.applied, list.sort, list.group)
                && view.columns == list.columns
        });
        Some(format!("{name}{}", if as_saved { "" } else { "*" }))
    }
}
