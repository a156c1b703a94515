//! `[views.NAME]`: views of the incident list. A mistake in one leaves out what is wrong.

use watchfire_shared::filter::Filter;
use watchfire_shared::page::Sort;

use super::columns;
use super::reader::{Name, Reader, Value};
use crate::model::groups::GroupBy;
use crate::model::views::View;

const NAMES: [&str; 4] = ["query", "sort", "columns", "group"];

pub fn read(reader: &mut Reader, name: &Name, value: &Value) -> Vec<View> {
    let mut views = Vec::new();
    for (name, value) in reader.table(name, value).into_iter().flatten() {
        views.push(one(reader, name, value));
    }
    views
}

/// A text alone is its query.
fn one(reader: &mut Reader, name: &Name, value: &Value) -> View {
    let mut view = View::named(name.get_ref());
    if value.get_ref().as_str().is_some() {
        view.query = query(reader, name, value).unwrap_or(view.query);
        return view;
    }
    for (name, value) in reader.table(name, value).into_iter().flatten() {
        match name.get_ref().as_ref() {
            "query" => view.query = query(reader, name, value).unwrap_or(view.query),
            "sort" => view.sort = sort(reader, name, value).unwrap_or_default(),
            "columns" => view.columns = Some(columns::read(reader, name, value)),
            "group" => view.group = group(reader, name, value),
            _ => reader.unknown(name, "setting", &NAMES),
        }
    }
    view
}

fn query(reader: &mut Reader, name: &Name, value: &Value) -> Option<String> {
    let text = reader.text(name, value)?;
    match text.parse::<Filter>() {
        Ok(_) => Some(text.trim().to_owned()),
        Err(mistake) => {
            reader.wrong(value.span(), format!("the query {text:?}: {mistake}"));
            None
        }
    }
}

fn sort(reader: &mut Reader, name: &Name, value: &Value) -> Option<Sort> {
    let sort = reader.text(name, value)?.parse().ok();
    if sort.is_none() {
        let text = "sort is priority, created, updated, score or reference; `-` before it reverses";
        reader.wrong(value.span(), text);
    }
    sort
}

fn group(reader: &mut Reader, name: &Name, value: &Value) -> Option<GroupBy> {
    let text = reader.text(name, value)?;
    let group = GroupBy::ALL.into_iter().find(|by| by.name() == text);
    if group.is_none() {
        let names = GroupBy::ALL.map(GroupBy::name).join(", ");
        reader.wrong(value.span(), format!("there is no group {text:?}: there is {names}"));
    }
    group
}
