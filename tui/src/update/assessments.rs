//! Assessments of the opened incident: read where they are shown, kept up by the stream, asked for by
//! a key.

use watchfire_shared::assessment::Assessment;
use watchfire_shared::ids::IncidentId;

use crate::action::Move;
use crate::effect::{Load, RequestId};
use crate::event::Outcome;
use crate::model::commands::Deed;
use crate::model::detail::{Detail, Tab};
use crate::model::layout::{self, Wall};
use crate::model::{Model, assessment};

use super::detail::{opened, scrolled};
use super::{Out, commands};

/// Reads them where they are on the screen, but not while they are being read.
pub fn read_shown(model: &mut Model, out: &mut Out) {
    let wanted = |detail: &Detail| is_shown(detail) && detail.assessments.slot.asked.is_none();
    if model.detail.as_ref().is_some_and(wanted) {
        read(model, out);
    }
}

/// What could not be read is tried again; all else is told by the stream.
pub fn refresh(model: &mut Model, out: &mut Out) {
    if model.detail.as_ref().is_some_and(|detail| detail.assessments.slot.value.is_none()) {
        read_shown(model, out);
    }
}

fn is_shown(detail: &Detail) -> bool {
    detail.tab == Tab::Assessment || detail.shows_patterns()
}

fn read(model: &mut Model, out: &mut Out) {
    if let Some(detail) = &mut model.detail {
        let load = Load::Assessments { id: detail.id, limit: assessment::READ };
        detail.assessments.slot.asked = Some(model.requests.load(load, model.now, out));
    }
}

pub fn answered(model: &mut Model, request: RequestId, id: IncidentId, outcome: Outcome) {
    let now = model.now;
    let waits = |detail: &&mut Detail| detail.assessments.slot.waits_for(request);
    let Some(detail) = opened(model, id).filter(waits) else {
        return;
    };
    let assessments = &mut detail.assessments;
    let mut news = false;
    match outcome {
        Outcome::Assessments(page) => {
            news = assessments.slot.value.as_ref() != Some(&page.items)
                || assessments.slot.failure.is_some();
            assessments.older = page.next_cursor.is_some();
            assessments.slot.fill(page.items, now);
        }
        Outcome::Failed(failure) => {
            news = assessments.slot.failure.as_ref() != Some(&failure);
            assessments.slot.fail(failure);
        }
        _ => assessments.slot.asked = None,
    }
    model.dirty |= news;
}

/// One was asked for, or has ended.
pub fn hear(model: &mut Model, told: &Assessment, out: &mut Out) {
    let Some(detail) = opened(model, told.incident_id) else {
        return;
    };
    let news = detail.assessments.put(told);
    // What is being read may be older than this.
    let overtaken = detail.assessments.slot.asked.is_some();
    model.dirty |= news;
    if overtaken {
        read(model, out);
    }
}

/// Asks for one of the selected incident.
pub fn request(model: &mut Model, out: &mut Out) {
    if let Some(incident) = commands::subject(model, None) {
        commands::deliver(model, &incident, Deed::Assess, out);
    }
}

/// The log pane shows lines, or what is most frequent among them.
pub fn turn_patterns(model: &mut Model, out: &mut Out) {
    if let Some(detail) = &mut model.detail {
        detail.assessments.patterns = !detail.assessments.patterns;
        detail.assessments.patterns_top = 0;
    }
    read_shown(model, out);
}

pub fn go(model: &mut Model, step: Move) {
    let rows = usize::from(layout::detail_rows(model.size.1)).max(1);
    let (left, _) = model.walls.columns(Wall::Opened, model.size.0);
    let Some(detail) = &mut model.detail else {
        return;
    };
    let incident = model.known.get(detail.id);
    let lines = incident.map_or(0, |it| assessment::lines(&detail.assessments, it, left).len());
    let top = &mut detail.assessments.top;
    *top = scrolled(*top, step, rows, lines.saturating_sub(rows));
}

pub fn go_patterns(model: &mut Model, step: Move) {
    let rows = usize::from(layout::detail_rows(model.size.1)).saturating_sub(1).max(1);
    if let Some(detail) = &mut model.detail {
        let assessments = &mut detail.assessments;
        let last = assessments.patterns().len().saturating_sub(rows);
        assessments.patterns_top = scrolled(assessments.patterns_top, step, rows, last);
    }
}
