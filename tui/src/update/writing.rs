//! A comment in the person's own editor.

use watchfire_shared::incident::NewComment;
use watchfire_shared::incident::rules::Refusal;

use crate::effect::Effect;
use crate::event::Outcome;
use crate::model::Model;
use crate::model::commands::{Deed, Tone};
use crate::model::slot::Purpose;
use crate::model::writing::Writing;

use super::{Out, commands, keys};

pub fn open(model: &mut Model, out: &mut Out) {
    let Some(incident) = commands::subject(model, None) else {
        return;
    };
    let draft = model.drafts.remove(&incident.id).unwrap_or_default();
    let writing = Writing::new(incident.id, incident.reference, &incident.title, draft);
    let (name, text) = (writing.file_name(), writing.template());
    let request = model.requests.open(Purpose::Write(writing));
    out.push(Effect::Write { request, name, text });
}

/// The editor has ended: sends what was written, or says why not. What is not sent stays a draft.
pub fn answered(model: &mut Model, writing: &Writing, outcome: Outcome, out: &mut Out) {
    model.dirty = true;
    let (text, trouble) = match outcome {
        Outcome::Written { text, trouble } => (writing.body(&text), trouble),
        Outcome::Failed(failure) => (writing.draft.clone(), Some(failure.message)),
        _ => (writing.draft.clone(), Some("The answer makes no sense".to_owned())),
    };
    let comment = NewComment { body: text };
    if model.read_only && !comment.body.is_empty() {
        keep(model, writing, &comment.body, Tone::Warning, keys::READ_ONLY);
    } else if let Some(trouble) = trouble {
        keep(model, writing, &comment.body, Tone::Bad, &format!("Nothing sent: {trouble}"));
    } else if comment.body.is_empty() {
        model.flash(Tone::Neutral, "Nothing sent: the text is empty");
    } else if comment.body == writing.draft.trim() {
        keep(model, writing, &comment.body, Tone::Neutral, "Nothing sent: the text is unchanged");
    } else if let Err(Refusal::Invalid(errors)) = comment.check() {
        let why = errors.first().map_or("is refused", |error| error.message.as_ref());
        keep(
            model,
            writing,
            &comment.body,
            Tone::Warning,
            &format!("Nothing sent: a comment {why}"),
        );
    } else if let Some(incident) = commands::incident(model, writing.incident) {
        commands::deliver(model, &incident, Deed::Comment(comment.body), out);
    } else {
        let why = format!("Nothing sent: {} was deleted", writing.reference);
        keep(model, writing, &comment.body, Tone::Warning, &why);
    }
}

fn keep(model: &mut Model, writing: &Writing, text: &str, tone: Tone, why: &str) {
    if text.trim().is_empty() {
        model.flash(tone, why);
        return;
    }
    model.keep_draft(writing.incident, text);
    model.flash(tone, format!("{why}; draft of {} kept", writing.reference));
}
