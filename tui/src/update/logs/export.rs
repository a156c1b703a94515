//! Lines into a file: the name is asked for, then the runner reads and writes.

use crate::effect::{Effect, Export, Lines, RequestId};
use crate::event::Outcome;
use crate::model::commands::Tone;
use crate::model::input::TextField;
use crate::model::logs::{self, ExportBox, Exporting};
use crate::model::slot::Purpose;
use crate::model::words::count;
use crate::model::{Model, Overlay};
use crate::update::Out;

pub fn open(model: &mut Model) {
    if model.exporting.is_some() {
        model.flash(Tone::Neutral, "A file is being written already");
        return;
    }
    let Some(pane) = logs::pane(model) else {
        return;
    };
    let (lines, whose, stem) = match model.subject() {
        Some(incident) => {
            // The last line there is now.
            let last = pane.known_last.max(incident.log_count);
            let reference = incident.reference.to_string();
            let stem = reference.to_lowercase();
            (Lines::Of { incident: incident.id, last }, reference, stem)
        }
        None => (Lines::OfAll, "all incidents".to_owned(), "logs".to_owned()),
    };
    let at = model.zone.show(model.now).format("%Y-%m-%d-%H%M");
    model.overlay = Some(Overlay::Export(ExportBox {
        lines,
        whose,
        field: TextField::new(format!("{stem}-{at}.log")),
        wanted: pane.wanted().clone(),
        exists: None,
    }));
}

/// Another name is another question.
pub fn edited(form: &mut ExportBox) {
    form.exists = None;
}

pub fn submit(model: &mut Model, out: &mut Out) {
    let Some(Overlay::Export(form)) = &model.overlay else {
        return;
    };
    let file = form.field.text().trim().to_owned();
    if file.is_empty() {
        return;
    }
    let export = Export {
        lines: form.lines,
        file,
        replace: form.exists.is_some(),
        wanted: form.wanted.clone(),
    };
    let request = model.requests.open(Purpose::Export);
    if let Some(Overlay::Export(form)) = model.overlay.take() {
        let presses = model.presses;
        model.exporting = Some(Exporting { request, lines: 0, presses, form });
    }
    out.push(Effect::Export { request, export });
}

pub fn progress(model: &mut Model, request: RequestId, lines: i64) {
    if let Some(exporting) = model.exporting.as_mut().filter(|it| it.request == request) {
        exporting.lines = lines;
        model.dirty = true;
    }
}

pub fn done(model: &mut Model, request: RequestId, outcome: Outcome) {
    let Some(exporting) = model.exporting.take_if(|it| it.request == request) else {
        return;
    };
    model.dirty = true;
    match outcome {
        Outcome::Exported { file, lines } => {
            let lines = count(lines, "line", "lines");
            model.flash(Tone::Good, format!("{lines} written to {file}, readable by you alone"));
        }
        // Asked where somebody waits for it.
        Outcome::Exists(file) if exporting.presses == model.presses && model.sign_in.is_none() => {
            let form = ExportBox { exists: Some(file), ..exporting.form };
            model.overlay = Some(Overlay::Export(form));
        }
        Outcome::Exists(file) => {
            model.flash(Tone::Warning, format!("{file} is there already and stays as it is"));
        }
        Outcome::Failed(failure) => model.flash(Tone::Bad, failure.message),
        _ => {}
    }
}
