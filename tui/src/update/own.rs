//! Commands of the person's own: programs that run about the incident under the cursor, or about each
//! of the marked ones.

use watchfire_shared::ids::IncidentId;
use watchfire_shared::incident::Incident;

use crate::action::Move;
use crate::effect::{Effect, Program, RequestId, Way};
use crate::event::{Outcome, Ran};
use crate::model::commands::Tone;
use crate::model::own::{Job, OwnCommand, Round, Run, Sure, page};
use crate::model::slot::Purpose;
use crate::model::{Model, Overlay, layout};

use super::detail::scrolled;
use super::{Out, batch};

/// By its place in the configuration. Which incidents it is about is decided here, at the key press.
pub fn press(model: &mut Model, index: usize, out: &mut Out) {
    if let Some(command) = model.setup.commands.get(index).cloned() {
        begin(model, command, out);
    }
}

/// By its name.
pub fn named(model: &mut Model, name: &str, out: &mut Out) {
    match model.setup.commands.iter().find(|command| command.name == name).cloned() {
        Some(command) => begin(model, command, out),
        None => model.flash(Tone::Warning, format!("There is no command {name} any more")),
    }
}

fn begin(model: &mut Model, command: OwnCommand, out: &mut Out) {
    if let Some(why) = obstacle(model, &command) {
        model.flash(Tone::Warning, why);
        return;
    }
    let marked = batch::is_meant(model);
    let (mut jobs, mut apart) = (Vec::new(), Vec::new());
    for incident in meant(model) {
        let deleted = model.known.is_deleted(incident.id).then(|| "was deleted".to_owned());
        match deleted.map_or_else(|| command.argv(&incident, model), Err) {
            Ok(argv) => {
                jobs.push(Job { incident: incident.id, reference: incident.reference, argv });
            }
            Err(why) => apart.push((incident.reference, why)),
        }
    }
    match apart.first() {
        Some((reference, why)) if jobs.is_empty() => {
            let more = match apart.len() - 1 {
                0 => String::new(),
                n => format!(", and {n} more"),
            };
            model
                .flash(Tone::Warning, format!("{} not run: {reference} {why}{more}", command.name));
        }
        None if jobs.is_empty() => model.flash(Tone::Neutral, "No incident is selected"),
        _ if marked || command.confirm => {
            model.overlay = Some(Overlay::Sure(Sure { command, jobs, apart, top: 0 }));
        }
        _ => run(model, &command, jobs, out),
    }
}

/// The marked incidents, or the selected one.
fn meant(model: &Model) -> Vec<Incident> {
    let ids: Vec<IncidentId> = if batch::is_meant(model) {
        model.marks.in_order(&model.list)
    } else {
        model.subject().map(|incident| incident.id).into_iter().collect()
    };
    ids.into_iter().filter_map(|id| model.known.get(id).cloned()).collect()
}

/// Why it may not run now, whatever it is about. No daemon guards what a program does, so a dangerous
/// one needs what is shown to be true.
fn obstacle(model: &Model, command: &OwnCommand) -> Option<String> {
    if !model.can_act() {
        return Some("Nothing done: the list of this query is not loaded yet".to_owned());
    }
    if !command.dangerous {
        return None;
    }
    if model.read_only {
        return Some(format!("{} not run: read_only is set in config.toml", command.name));
    }
    let warning = model.connection.warning(model.now)?;
    Some(format!("{} not run: it is dangerous, and {warning}", command.name))
}

pub fn go(model: &mut Model, step: Move) {
    let (width, height) = model.size;
    let rows = layout::page_rows(height);
    let length = match &model.overlay {
        Some(Overlay::Output { round, .. }) => page(model, *round, width).1.len(),
        _ => 0,
    };
    match &mut model.overlay {
        Some(Overlay::Output { top, .. }) => {
            *top = scrolled(*top, step, rows, length.saturating_sub(rows));
        }
        Some(Overlay::Sure(sure)) => {
            let last = sure.lines().len().saturating_sub(1);
            sure.top = scrolled(sure.top, step, rows, last);
        }
        _ => {}
    }
}

/// What was said last.
pub fn show_last(model: &mut Model) {
    let round = model.own.last().and_then(Round::id);
    model.overlay = Some(Overlay::Output { round, top: 0 });
}

/// Runs what the question lists, but for what was deleted meanwhile.
pub fn confirm(model: &mut Model, out: &mut Out) {
    let Some(Overlay::Sure(sure)) = model.overlay.take() else {
        return;
    };
    if let Some(why) = obstacle(model, &sure.command) {
        model.flash(Tone::Warning, why);
        return;
    }
    let Sure { command, mut jobs, .. } = sure;
    jobs.retain(|job| !model.known.is_deleted(job.incident));
    if jobs.is_empty() {
        let text = format!("{} not run: deleted meanwhile", command.name);
        model.flash(Tone::Warning, text);
        return;
    }
    run(model, &command, jobs, out);
}

fn run(model: &mut Model, command: &OwnCommand, jobs: Vec<Job>, out: &mut Out) {
    let mut runs = Vec::new();
    for job in jobs {
        let request = model.requests.open(Purpose::Run);
        let program = Program { argv: job.argv.clone(), way: command.way };
        out.push(Effect::Run { request, program });
        runs.push(Run { request, job, ended: None });
    }
    let (name, way, since) = (command.name.clone(), command.way, model.now);
    model.own.begin(Round { name, way, since, presses: model.presses, runs });
}

/// A program has ended. Its page opens where somebody waits for it: no key was pressed since.
pub fn ended(model: &mut Model, request: RequestId, outcome: Outcome) {
    let ran = match outcome {
        Outcome::Ran(ran) => ran,
        Outcome::Failed(failure) => {
            Ran { end: failure.message, good: false, output: String::new() }
        }
        _ => return,
    };
    model.dirty = true;
    let Some(round) = model.own.end(request, ran, model.now).filter(|round| round.is_over()) else {
        return;
    };
    let (tone, text) = round.result();
    let (way, id, waits) = (round.way, round.id(), round.presses == model.presses);
    let page = matches!(way, Way::Background { page: true, .. });
    if page && waits && model.context().is_screen() {
        model.overlay = Some(Overlay::Output { round: id, top: 0 });
    } else if way == Way::Terminal {
        model.flash(tone, text);
    } else {
        model.flash(tone, format!("{text}; :output shows what it said"));
    }
}
