//! `columns`: those of the incident list, in their order.

use super::reader::{Name, Reader, Value};
use crate::model::columns::{Column, Columns};

pub fn read(reader: &mut Reader, name: &Name, value: &Value) -> Columns {
    let mut columns = Vec::new();
    for (text, place) in reader.texts(name, value).unwrap_or_default() {
        match Column::ALL.into_iter().find(|column| column.name() == text) {
            Some(column) if columns.contains(&column) => {
                reader.wrong(place, format!("{text} is a column already: write it once"));
            }
            Some(column) => columns.push(column),
            None => {
                let names = Column::ALL.map(Column::name).join(", ");
                reader.wrong(place, format!("there is no column {text:?}: there is {names}"));
            }
        }
    }
    if columns.is_empty() { Columns::default() } else { Columns(columns) }
}
