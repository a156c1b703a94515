//! The columns of the list, chosen while it shows them; and its views by names that are kept.

use crate::action::{ColumnAction, Move};
use crate::effect::Effect;
use crate::event::Outcome;
use crate::model::columns::ColumnsBox;
use crate::model::commands::Tone;
use crate::model::input::TextField;
use crate::model::slot::Purpose;
use crate::model::views::{View, ViewBox};
use crate::model::{Model, Overlay};

use super::Out;
use super::detail::scrolled;

/// Characters of a name.
const NAME_MAX: usize = 40;

pub fn open(model: &mut Model) {
    let list = &mut model.list;
    // Every column at once leaves nothing to choose.
    list.wide = false;
    let shown = list.columns.as_ref().unwrap_or(&model.setup.columns);
    let columns = ColumnsBox::new(shown, list.columns.clone());
    model.overlay = Some(Overlay::Columns(columns));
}

pub fn go(model: &mut Model, step: Move) {
    if let Some(Overlay::Columns(it)) = &mut model.overlay {
        let count = it.columns.len();
        let at = scrolled(it.place(), step, count, count.saturating_sub(1));
        it.chosen = it.columns.get(at).map_or(it.chosen, |(column, _)| *column);
    }
}

/// The list shows it at once.
pub fn change(model: &mut Model, action: ColumnAction) {
    let Some(Overlay::Columns(it)) = &mut model.overlay else {
        return;
    };
    let at = it.place();
    match action {
        ColumnAction::Turn => {
            let last = it.shown().0 == [it.chosen];
            if let Some((_, shown)) = it.columns.get_mut(at) {
                *shown = !*shown || last;
            }
        }
        ColumnAction::Up if at > 0 => it.columns.swap(at, at - 1),
        ColumnAction::Down if at + 1 < it.columns.len() => it.columns.swap(at, at + 1),
        ColumnAction::Up | ColumnAction::Down => {}
    }
    model.list.columns = Some(it.shown());
}

/// Whoever does not confirm has what was there before.
pub fn leave(model: &mut Model) {
    if let Some(Overlay::Columns(it)) = model.overlay.take() {
        model.list.columns = it.before;
    }
}

pub fn confirm(model: &mut Model) {
    model.overlay = None;
    let text = "These columns stay while the client runs; :save-view keeps them";
    model.flash(Tone::Neutral, text);
}

pub fn open_name(model: &mut Model) {
    let view = model.view_now("");
    let form = ViewBox { field: TextField::default(), view, error: None };
    model.overlay = Some(Overlay::ViewName(form));
}

/// A name that there is already stays what it is.
pub fn save(model: &mut Model, out: &mut Out) {
    let Some(Overlay::ViewName(form)) = &model.overlay else {
        return;
    };
    let name = form.field.text().trim().to_owned();
    let error = if name.is_empty() {
        Some("It needs a name".to_owned())
    } else if name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        Some(format!("A name has at most {NAME_MAX} characters"))
    } else if model.view(&name).is_some() {
        Some(format!("There is a view {name} already"))
    } else {
        None
    };
    let view = View { name, ..form.view.clone() };
    if let (Some(error), Some(Overlay::ViewName(form))) = (error, &mut model.overlay) {
        form.error = Some(error);
        return;
    }
    model.overlay = None;
    let text = view.toml();
    let request = model.requests.open(Purpose::SaveView(Box::new(view)));
    out.push(Effect::SaveView { request, text });
}

/// It is a view at once; the file tells the same in a moment.
pub fn saved(model: &mut Model, view: View, outcome: Outcome) {
    match outcome {
        Outcome::Saved(file) => {
            model.flash(Tone::Good, format!("View {} written to {file}", view.name));
            if model.view_now(&view.name) == view {
                model.list.view = Some(view.name.clone());
            }
            if model.view(&view.name).is_none() {
                model.setup.views.push(view);
            }
        }
        Outcome::Failed(failure) => model.flash(Tone::Bad, failure.message),
        _ => {}
    }
}
