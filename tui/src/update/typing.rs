//! Where text goes: the field that has the keys, and what a change of it means.

use crate::action::Edit;
use crate::keymap::Context;
use crate::model::forms::{Choice, Picker, SignIn};
use crate::model::input::TextField;
use crate::model::{Model, Overlay, Screen};

use super::{choices, chooser, forms, logs, people, query};

pub fn type_char(model: &mut Model, c: char) {
    if let Some(form) = signs_in(model) {
        form.field().insert(c);
    } else if let Some(Overlay::NewIncident(form)) = &mut model.overlay {
        forms::type_new(form, c);
    } else if let Some(Overlay::Person(form)) = &mut model.overlay {
        people::type_char(form, c);
    } else if let Some(field) = field(model) {
        field.insert(c);
        typed(model);
    }
}

pub fn paste(model: &mut Model, text: &str) {
    if let Some(form) = signs_in(model) {
        form.field().paste(text);
        return;
    }
    if let Some(Overlay::NewIncident(form)) = &mut model.overlay
        && form.field().is_none()
    {
        return;
    }
    if let Some(field) = field(model) {
        field.paste(text);
        typed(model);
    }
}

pub fn edit_text(model: &mut Model, edit: Edit) {
    if let Some(form) = signs_in(model) {
        form.field().edit(edit);
    } else if let Some(Overlay::NewIncident(form)) = &mut model.overlay {
        forms::edit_new(form, edit);
    } else if let Some(Overlay::Person(form)) = &mut model.overlay {
        people::edit(form, edit);
    } else if let Some(field) = field(model) {
        field.edit(edit);
        typed(model);
    }
}

pub fn turn_field(model: &mut Model, by: usize) {
    if model.asks_who().is_some() {
        forms::turn_sign_in(model);
    } else if let Some(Overlay::NewIncident(form)) = &mut model.overlay {
        forms::turn_new(form, by);
    } else if let Some(Overlay::Person(form)) = &mut model.overlay {
        people::turn(form, if by == 1 { 1 } else { -1 });
    }
}

/// The form that asks who one is, while it has the keys: nothing of it may get to what lies below.
fn signs_in(model: &mut Model) -> Option<&mut SignIn> {
    model.asks_who()?;
    model.sign_in.as_mut()
}

/// The text field that has the keys of somebody who has signed in.
fn field(model: &mut Model) -> Option<&mut TextField> {
    match &mut model.overlay {
        Some(Overlay::Comment(comment)) => Some(&mut comment.field),
        Some(Overlay::Title(form)) => Some(&mut form.field),
        Some(Overlay::Export(form)) => Some(&mut form.field),
        Some(Overlay::Picker(Picker { choice: Choice::Assignee { field, .. }, .. })) => Some(field),
        Some(Overlay::Reason(form)) => Some(&mut form.field),
        Some(Overlay::NewIncident(form)) => form.field(),
        Some(Overlay::Person(form)) => form.field(),
        Some(Overlay::ViewName(form)) => Some(&mut form.field),
        Some(Overlay::Palette(palette)) => Some(&mut palette.field),
        Some(Overlay::Chooser(chooser)) => Some(&mut chooser.field),
        Some(_) => None,
        None => match model.screen {
            Screen::Incidents => Some(&mut model.list.query.field),
            Screen::Detail => model.detail.as_mut().map(|detail| &mut detail.logs.search.field),
            Screen::Logs => Some(&mut model.across.pane.search.field),
            Screen::Cache | Screen::Events | Screen::Health | Screen::People => None,
        },
    }
}

/// After a change of a text.
fn typed(model: &mut Model) {
    if model.context() == Context::Query {
        query::check_query(model);
    }
    if model.context() == Context::Search {
        logs::check_search(model);
    }
    match &mut model.overlay {
        Some(Overlay::Comment(comment)) => comment.error = None,
        Some(Overlay::Title(form)) => form.error = None,
        Some(Overlay::Export(form)) => logs::edited(form),
        Some(Overlay::Picker(_)) => choices::choose_best(model),
        Some(Overlay::Reason(form)) => form.error = None,
        Some(Overlay::Person(form)) => form.error = None,
        Some(Overlay::NewIncident(form)) => form.edited(),
        Some(Overlay::ViewName(form)) => form.error = None,
        Some(Overlay::Palette(palette)) => palette.chosen = None,
        Some(Overlay::Chooser(chooser)) => chooser::typed(chooser),
        _ => {}
    }
}
