//! The configuration was changed while the client runs.

use crate::model::Model;
use crate::model::commands::Tone;
use crate::model::setup::Setup;

/// Takes keys, theme and columns; `needs_start` says that something else changed too.
pub fn adopt(model: &mut Model, setup: Setup, needs_start: bool) {
    model.setup = setup;
    model.mistakes.clear();
    // Its key may be another one now.
    model.closing = None;
    if needs_start {
        let text =
            "config.toml is in force; where it connects is another place now: :ctx goes there";
        model.flash(Tone::Neutral, text);
    } else {
        model.flash(Tone::Neutral, "config.toml is in force");
    }
}

/// A mistake: what was in force stays.
pub fn refuse(model: &mut Model, mistakes: &str) {
    model.tell_mistakes(mistakes.lines().map(str::to_owned).collect(), "Nothing changed: ");
}
