//! Going to another daemon. What comes of it is another model: nothing of this one is in it.

use crate::action::Move;
use crate::effect::Effect;
use crate::model::chooser::{Chooser, Progress};
use crate::model::commands::Tone;
use crate::model::{Model, Overlay};

use super::Out;
use super::detail::scrolled;

/// Whether there is another daemon.
pub fn is_choice(model: &Model) -> bool {
    model.setup.contexts.len() > 1
}

pub fn open(model: &mut Model) {
    if !is_choice(model) {
        let text = "There is one daemon: name others as [contexts.NAME] in config.toml";
        model.flash(Tone::Neutral, text);
        return;
    }
    model.overlay = Some(Overlay::Chooser(Chooser::default()));
}

pub fn go(model: &mut Model, step: Move) {
    let contexts = &model.setup.contexts;
    if let Some(Overlay::Chooser(chooser)) = &mut model.overlay {
        let entries = chooser.entries(contexts);
        let at = scrolled(chooser.place(&entries), step, 10, entries.len().saturating_sub(1));
        chooser.chosen = entries.get(at).map(|named| named.name().to_owned());
    }
}

/// After typing the best is chosen.
pub fn typed(chooser: &mut Chooser) {
    chooser.chosen = None;
    if matches!(chooser.progress, Progress::Failed(_)) {
        chooser.progress = Progress::Choosing;
    }
}

pub fn confirm(model: &mut Model, out: &mut Out) {
    let contexts = &model.setup.contexts;
    let Some(Overlay::Chooser(chooser)) = &mut model.overlay else {
        return;
    };
    if matches!(chooser.progress, Progress::Going(_)) {
        return;
    }
    let entries = chooser.entries(contexts);
    if let Some(named) = entries.get(chooser.place(&entries)) {
        let (name, context) = (named.name().to_owned(), named.context.clone());
        chooser.progress = Progress::Going(name);
        out.push(Effect::Go(context));
    }
}

/// The same by a name from the palette.
pub fn go_to(model: &mut Model, name: &str, out: &mut Out) {
    let chosen = Some(name.to_owned());
    model.overlay = Some(Overlay::Chooser(Chooser { chosen, ..Chooser::default() }));
    confirm(model, out);
}

/// Whoever leaves stays where they are, also when the other daemon answers after all.
pub fn leave(model: &mut Model, out: &mut Out) {
    if let Some(Overlay::Chooser(chooser)) = model.overlay.take()
        && matches!(chooser.progress, Progress::Going(_))
    {
        out.push(Effect::Stay);
    }
}

/// One could not get there.
pub fn failed(model: &mut Model, why: String) {
    model.dirty = true;
    if let Some(Overlay::Chooser(chooser)) = &mut model.overlay {
        chooser.progress = Progress::Failed(why);
    }
}
