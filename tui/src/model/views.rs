//! Views of the incident list that a person has given a name.

use watchfire_shared::page::Sort;

use super::Model;
use super::columns::Columns;
use super::groups::GroupBy;
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

impl Model {
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
        });
        Some(format!("{name}{}", if as_saved { "" } else { "*" }))
    }
}
