//! `columns`: those of the incident list, in their order.

use super::reader::{Name, Reader, Value};
use crate::model::columns::{Column, Columns};

/// With a mistake in it the usual ones stand in: a list without its titles helps nobody.
pub fn read(reader: &mut Reader, name: &Name, value: &Value) -> Columns {
    let mut columns = Vec::new();
    let texts = reader.texts(name, value).unwrap_or_default();
    for (text, place) in &texts {
        match Column::ALL.into_iter().find(|column| column.name() == *text) {
            Some(column) if columns.contains(&column) => {
                reader.wrong(place.clone(), format!("{text} is a column already: write it once"));
            }
            Some(column) => columns.push(column),
            None => {
                let names = Column::ALL.map(Column::name).join(", ");
                reader
                    .wrong(place.clone(), format!("there is no column {text:?}: there is {names}"));
            }
        }
    }
    let right = columns.len() == texts.len() && !columns.is_empty();
    if right { Columns(columns) } else { Columns::default() }
}
