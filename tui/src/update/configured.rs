//! The configuration was changed while the client runs.

use crate::model::Model;
use crate::model::commands::Tone;
use crate::model::setup::Configured;

/// Takes all of it but the daemon: where that is another one, it is gone to by a key.
pub fn adopt(model: &mut Model, read: Configured) {
    let Configured { setup, read_only, look, elsewhere } = read;
    // What was switched by hand stays as it is while the file says nothing else.
    if model.setup.mouse != setup.mouse {
        model.pointer.captured = setup.mouse;
    }
    let allowed = match (model.read_only, read_only) {
        (false, true) => ": nothing can be changed from here any more",
        (true, false) => ": changes are allowed again",
        _ => "",
    };
    model.setup = setup;
    model.read_only = read_only;
    model.look = look;
    model.mistakes.clear();
    // Its key may be another one now.
    model.closing = None;
    let text = match elsewhere {
        None => format!("config.toml is in force{allowed}"),
        Some(address) => {
            let way = if model.setup.contexts.len() > 1 { ":ctx" } else { "the next start" };
            let here = &model.address;
            format!("config.toml leads to {address} now{allowed}; this stays {here} until {way}")
        }
    };
    model.flash(Tone::Neutral, text);
}

/// A mistake: what was in force stays.
pub fn refuse(model: &mut Model, mistakes: &str) {
    model.tell_mistakes(mistakes.lines().map(str::to_owned).collect(), "Nothing changed: ");
}
