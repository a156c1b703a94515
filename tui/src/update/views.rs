//! Saved views, and groups of the list.

use crate::keymap::Context;
use crate::model::commands::Tone;
use crate::model::views::View;
use crate::model::{Model, Screen};

use super::{Out, palette, query, timers};

pub fn open(model: &mut Model, from: Context) {
    if model.setup.views.is_empty() {
        let text =
            "There are no saved views: :save-view names this one, or [views.NAME] in config.toml";
        model.flash(Tone::Neutral, text);
    } else {
        palette::open_views(model, from);
    }
}

pub fn show(model: &mut Model, name: &str, out: &mut Out) {
    let Some(view) = model.view(name).cloned() else {
        model.flash(Tone::Warning, format!("There is no view {name} any more"));
        return;
    };
    model.screen = Screen::Incidents;
    timers::watch_pane(model);
    model.list.view = Some(view.name.clone());
    arrange(model, view, out);
}

/// `esc` leaves a view for what the client starts with. Says whether there was one.
pub fn leave(model: &mut Model, out: &mut Out) -> bool {
    let left = model.list.view.take().is_some();
    if left {
        arrange(model, View::named(""), out);
    }
    left
}

fn arrange(model: &mut Model, view: View, out: &mut Out) {
    model.list.columns = view.columns;
    let height = model.list_height();
    model.list.group_by(view.group, &model.known, height);
    query::show_in_order(model, view.query, view.sort, out);
}

/// The next way to group the list.
pub fn next_group(model: &mut Model) {
    let height = model.list_height();
    let group = model.list.next_group();
    model.list.group_by(group, &model.known, height);
    let text = group.map_or("Not grouped".to_owned(), |by| format!("By {}", by.name()));
    model.flash(Tone::Neutral, text);
}
