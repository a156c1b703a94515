//! The mouse: the wheel moves in what stands under it, a click goes to it. It never acts: what is under
//! the pointer may have changed between the last frame and the click.

use watchfire_shared::ids::IncidentId;

use crate::action::{Action, Move, Side};
use crate::event::{Mouse, MouseDeed};
use crate::keymap::Context;
use crate::model::choices::Choices;
use crate::model::commands::Tone;
use crate::model::detail::Tab;
use crate::model::pointer::Under;
use crate::model::{Model, Screen};

use super::{Out, detail, events, keys, list, logs, people, query};

/// Lines that a turn of the wheel moves.
const WHEEL: usize = 3;
/// Columns that a key moves a wall.
const WALL: u16 = 4;

/// `:mouse`, for as long as the client runs.
pub fn switch(model: &mut Model) {
    model.pointer.captured = !model.pointer.captured;
    let text = if model.pointer.captured {
        "The mouse is ours: hold shift to select text as the terminal does"
    } else {
        "The mouse is the terminal's"
    };
    model.flash(Tone::Neutral, text);
}

pub fn hear(model: &mut Model, mouse: Mouse, out: &mut Out) {
    // Another program may have left it on.
    if !model.pointer.captured || model.sign_in.is_some() {
        return;
    }
    match mouse.deed {
        MouseDeed::WheelUp => wheel(model, mouse, Move::Up, out),
        MouseDeed::WheelDown => wheel(model, mouse, Move::Down, out),
        MouseDeed::Press => press(model, mouse, out),
        MouseDeed::Drag => drag(model, mouse.column),
        MouseDeed::Release => model.pointer.drags = None,
    }
}

fn wheel(model: &mut Model, Mouse { column, row, .. }: Mouse, step: Move, out: &mut Out) {
    model.dirty = true;
    if model.overlay.is_some() {
        let context = model.context();
        let chooses = Choices::of(model, model.size.1).is_some();
        let lines = if chooses { 1 } else { WHEEL };
        for _ in 0..lines {
            keys::go(model, context, step, out);
        }
        return;
    }
    let under = model.under(column, row);
    for _ in 0..WHEEL {
        match under {
            Under::List(_) => list::go(model, step, out),
            Under::Tab(tab) => detail::go_in(model, tab, step, out),
            Under::Lines(_) => logs::go(model, step, out),
            Under::Feed => events::go_in_feed(model, step),
            Under::Letters => events::go(model, step),
            Under::People => people::go(model, step),
            Under::Query | Under::Label(_) | Under::Wall(_) | Under::Nothing => return,
        }
    }
}

fn press(model: &mut Model, Mouse { column, row, .. }: Mouse, out: &mut Out) {
    // It may have hidden the end of a drag.
    model.pointer.drags = None;
    model.dirty = true;
    if model.overlay.is_some() {
        let line = Choices::of(model, model.size.1).and_then(|choices| choices.at(row));
        if let Some(line) = line {
            choose(model, line, out);
        }
        return;
    }
    match model.under(column, row) {
        Under::Wall(wall) => model.pointer.drags = Some(wall),
        Under::Query if !model.list.query.editing => query::edit_query(model),
        Under::List(Some(id)) => select(model, id, out),
        Under::Label(tab) => detail::show_tab(model, tab, out),
        Under::Lines(Some(number)) => {
            if model.screen == Screen::Detail {
                detail::show_tab(model, Tab::Logs, out);
            }
            logs::put(model, number, out);
        }
        _ => {}
    }
}

/// A line of a sheet; what is chosen is still to be confirmed.
fn choose(model: &mut Model, line: usize, out: &mut Out) {
    let context = model.context();
    keys::go(model, context, Move::First, out);
    for _ in 0..line {
        keys::go(model, context, Move::Down, out);
    }
}

fn select(model: &mut Model, id: IncidentId, out: &mut Out) {
    model.take_closing();
    if model.list.query.editing {
        query::apply_query(model, out);
    }
    if model.list.query.editing || model.list.index_of(id).is_none() {
        return;
    }
    let height = model.list_height();
    model.list.choose(id);
    model.list.show_selected(height);
    list::more_if_near_end(model, out);
    if model.pointer.click(id, model.now) {
        keys::perform(model, Action::Open, Context::List, out);
    }
}

fn drag(model: &mut Model, column: u16) {
    if let Some(wall) = model.pointer.drags.filter(|wall| model.wall() == Some(*wall)) {
        model.walls.put(wall, column, model.size.0);
        model.dirty = true;
    }
}

/// The same from the keyboard.
pub fn move_wall(model: &mut Model, side: Side) {
    let Some(wall) = model.wall() else {
        return;
    };
    let width = model.size.0;
    let Some(place) = model.walls.place(wall, width) else {
        let from = wall.from_width();
        let text = format!("Nothing stands side by side here below {from} columns");
        model.flash(Tone::Neutral, text);
        return;
    };
    let wanted = match side {
        Side::Left => place.saturating_sub(WALL),
        Side::Right => place.saturating_add(WALL),
    };
    model.walls.put(wall, wanted, width);
}
