//! A comment, or the note to a step, in the person's own editor.

use watchfire_shared::incident::rules::Refusal;
use watchfire_shared::incident::{Incident, NewComment, Status};

use crate::action::Step;
use crate::effect::Effect;
use crate::event::Outcome;
use crate::model::Model;
use crate::model::commands::{Deed, Tone};
use crate::model::forms::About;
use crate::model::slot;
use crate::model::writing::{Purpose, Writing};

use super::{Out, batch, commands, forms, keys};

/// A comment on the selected incident, or one on all the marked.
pub fn open(model: &mut Model, out: &mut Out) {
    if let Some(about) = forms::about(model) {
        write(model, about, Purpose::Comment, out);
    }
}

/// The note to a step that was chosen from the status that was `seen`.
pub fn open_note(model: &mut Model, about: About, step: Step, seen: Option<Status>, out: &mut Out) {
    write(model, about, Purpose::Note { step, seen }, out);
}

fn write(model: &mut Model, about: About, purpose: Purpose, out: &mut Out) {
    let (subject, draft) = match about {
        About::One(id, _) => {
            let title = model.known.get(id).map(|incident| incident.title.clone());
            (title.unwrap_or_default(), model.drafts.remove(&id).unwrap_or_default())
        }
        About::Marked(_) if batch::is_busy(model) => return,
        About::Marked(_) => (marked(model), std::mem::take(&mut model.marked_draft)),
    };
    let writing = Writing::new(about, purpose, &subject, draft);
    let (name, text) = (writing.file_name(), writing.template());
    let request = model.requests.open(slot::Purpose::Write(writing));
    out.push(Effect::Write { request, name, text });
}

/// `INC-204, INC-203`.
fn marked(model: &Model) -> String {
    let ids = model.marks.in_order(&model.list);
    let known = ids.iter().filter_map(|id| model.known.get(*id));
    known.map(|incident| incident.reference.to_string()).collect::<Vec<_>>().join(", ")
}

/// The editor has ended: sends what was written, or says why not. What is not sent stays a draft.
pub fn answered(model: &mut Model, writing: &Writing, outcome: Outcome, out: &mut Out) {
    model.dirty = true;
    let (text, trouble) = match outcome {
        Outcome::Written { text, trouble } => (writing.body(&text), trouble),
        Outcome::Failed(failure) => (writing.draft.clone(), Some(failure.message)),
        _ => (writing.draft.clone(), Some("The answer makes no sense".to_owned())),
    };
    let written = NewComment { body: text };
    if model.read_only && !written.body.is_empty() {
        keep(model, writing, &written.body, Tone::Warning, keys::READ_ONLY);
    } else if let Some(trouble) = trouble {
        keep(model, writing, &written.body, Tone::Bad, &format!("Nothing sent: {trouble}"));
    } else if written.body.is_empty() {
        model.flash(Tone::Neutral, "Nothing sent: the text is empty");
    } else if written.body == writing.draft.trim() {
        keep(model, writing, &written.body, Tone::Neutral, "Nothing sent: the text is unchanged");
    } else if let Err(Refusal::Invalid(errors)) = written.check() {
        let why = errors.first().map_or("is refused", |error| error.message.as_ref());
        let why = format!("Nothing sent: a {} {why}", writing.word());
        keep(model, writing, &written.body, Tone::Warning, &why);
    } else {
        send(model, writing, &written.body, out);
    }
}

fn send(model: &mut Model, writing: &Writing, text: &str, out: &mut Out) {
    let (deed, seen) = match writing.purpose {
        Purpose::Comment => (Deed::Comment(text.to_owned()), None),
        Purpose::Note { step, seen } => (Deed::Step(step, Some(text.to_owned())), seen),
    };
    let About::One(id, reference) = writing.about else {
        batch::ask_or_keep(model, &deed);
        return;
    };
    if let Some(incident) = commands::incident(model, id) {
        // What was chosen against: somebody else may have gone on since.
        let status = seen.unwrap_or(incident.status);
        commands::deliver(model, &Incident { status, ..incident }, deed, out);
    } else {
        let why = format!("Nothing sent: {reference} was deleted");
        keep(model, writing, text, Tone::Warning, &why);
    }
}

fn keep(model: &mut Model, writing: &Writing, text: &str, tone: Tone, why: &str) {
    if text.trim().is_empty() {
        model.flash(tone, why);
        return;
    }
    match writing.about {
        About::One(id, _) => model.keep_draft(id, text),
        About::Marked(_) => text.clone_into(&mut model.marked_draft),
    }
    model.flash(tone, format!("{why}; draft of {} kept", writing.about));
}
