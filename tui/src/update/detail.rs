//! An opened incident: its parts are read once, then kept up by the stream.

use watchfire_shared::alert::Alert;
use watchfire_shared::event::{Event, Fact};
use watchfire_shared::ids::IncidentId;
use watchfire_shared::page::MAX_LINES;

use crate::action::Move;
use crate::effect::Load;
use crate::model::detail::{Detail, TIMELINE_MAX, Tab};
use crate::model::layout::Wall;
use crate::model::scroll::Extent;
use crate::model::slot::Slot;
use crate::model::{Model, Screen, layout, overview, tell};

use super::{Out, assessments, logs, timers};

pub fn open(model: &mut Model, id: IncidentId, out: &mut Out) {
    model.screen = Screen::Detail;
    choose(model, id);
    reload(model, out);
    timers::watch_pane(model);
}

/// What was read of another incident is forgotten.
pub fn choose(model: &mut Model, id: IncidentId) {
    if model.detail.as_ref().is_none_or(|detail| detail.id != id) {
        model.detail = Some(Detail::new(id));
    }
}

/// The same from a screen that it will return to.
pub fn open_from(model: &mut Model, id: IncidentId, from: Screen, out: &mut Out) {
    open(model, id, out);
    if let Some(detail) = &mut model.detail {
        detail.from = from;
    }
}

/// Reads all of it, but what is being read already; what is shown stays until the answers.
pub fn reload(model: &mut Model, out: &mut Out) {
    if shows_gone(model) {
        return;
    }
    let Some(detail) = &model.detail else {
        return;
    };
    let timeline = detail.timeline.state.asked.is_none();
    let alerts = detail.alerts.asked.is_none();
    if detail.read.asked.is_none() {
        read_incident(model, out);
    }
    if timeline {
        ask_timeline(model, None, out);
    }
    if alerts {
        read_alerts(model, out);
    }
    assessments::read_shown(model, out);
    logs::catch_up(model, true, out);
}

/// What is on its way may be older than the connection that begins: it counts no more.
pub fn forget_asked(model: &mut Model) {
    if let Some(detail) = &mut model.detail {
        detail.read.asked = None;
        detail.timeline.state.asked = None;
        detail.alerts.asked = None;
        detail.assessments.slot.asked = None;
    }
}

/// What makes no event: counters and repeats of alerts. What failed to load is tried again.
pub fn refresh(model: &mut Model, out: &mut Out) {
    if shows_gone(model) {
        return;
    }
    let Some(detail) = &model.detail else {
        return;
    };
    let alerts_shown = detail.tab == Tab::Alerts && detail.alerts.asked.is_none();
    let timeline = &detail.timeline.state;
    let timeline_failed = timeline.value.is_none() && timeline.asked.is_none();
    if detail.read.asked.is_none() {
        read_incident(model, out);
    }
    if alerts_shown {
        read_alerts(model, out);
    }
    if timeline_failed {
        ask_timeline(model, None, out);
    }
    assessments::refresh(model, out);
    logs::catch_up(model, false, out);
}

/// The opened incident has been deleted: there is nothing to read any more.
fn shows_gone(model: &Model) -> bool {
    model.detail.as_ref().is_some_and(|detail| model.known.is_deleted(detail.id))
}

/// Back to where it was opened from.
pub fn close(model: &mut Model, out: &mut Out) {
    match model.detail.as_ref().map(|detail| detail.from) {
        Some(Screen::Logs) => logs::across::open(model, out),
        _ => model.screen = Screen::Incidents,
    }
    timers::watch_pane(model);
}

/// Another log: positions and line numbers of the old one mean nothing.
pub fn forget(model: &mut Model) {
    if let Some(detail) = &mut model.detail {
        detail.read = Slot::default();
        detail.timeline.clear();
        detail.alerts = Slot::default();
        detail.alerts_incoming.clear();
        detail.assessments.slot = Slot::default();
        detail.logs.restart();
        detail.logs.known_last = 0;
    }
}

pub fn read_incident(model: &mut Model, out: &mut Out) {
    if let Some(detail) = &mut model.detail {
        let load = Load::Incident(detail.id);
        detail.read.asked = Some(model.requests.load(load, model.now, out));
    }
}

pub fn ask_timeline(model: &mut Model, cursor: Option<String>, out: &mut Out) {
    if let Some(detail) = &mut model.detail {
        let version = model.known.get(detail.id).map_or(0, |incident| incident.version);
        let kept = i64::try_from(TIMELINE_MAX).unwrap_or(i64::MAX);
        let after = (version - kept).max(0);
        let load = Load::Timeline { id: detail.id, after, cursor, limit: MAX_LINES };
        detail.timeline.state.asked = Some(model.requests.load(load, model.now, out));
    }
}

fn read_alerts(model: &mut Model, out: &mut Out) {
    if let Some(detail) = &mut model.detail {
        detail.alerts_incoming.clear();
    }
    ask_alerts(model, None, out);
}

pub fn ask_alerts(model: &mut Model, cursor: Option<String>, out: &mut Out) {
    if let Some(detail) = &mut model.detail {
        let load = Load::Alerts { id: detail.id, cursor };
        detail.alerts.asked = Some(model.requests.load(load, model.now, out));
    }
}

/// The opened incident, when `id` is that.
pub fn opened(model: &mut Model, id: IncidentId) -> Option<&mut Detail> {
    model.detail.as_mut().filter(|detail| detail.id == id)
}

/// A fact about some incident: if it is the opened one, its parts follow.
pub fn hear(model: &mut Model, event: &Event, out: &mut Out) {
    let Some(id) = event.incident_id() else {
        return;
    };
    if let Fact::AssessmentRequested { assessment, .. }
    | Fact::AssessmentCompleted { assessment, .. } = &event.fact
    {
        assessments::hear(model, assessment, out);
    }
    let Some(detail) = opened(model, id) else {
        return;
    };
    let news = detail.timeline.add(event.clone());
    // A page of the timeline may have told it first, but nobody has looked at the lines.
    if !news && !matches!(event.fact, Fact::LogAttached { .. }) {
        return;
    }
    match &event.fact {
        Fact::AlertFired { alert, .. } | Fact::AlertResolved { alert, .. } => {
            put_alert(detail, alert);
        }
        Fact::LogAttached { last_seq, .. } => {
            detail.logs.known_last = detail.logs.known_last.max(*last_seq);
            logs::catch_up(model, false, out);
        }
        // Events leave the description out.
        Fact::IncidentUpdated { changes, .. } if changes.contains_key("description") => {
            read_incident(model, out);
        }
        _ => {}
    }
    model.dirty |= news && model.screen == Screen::Detail;
}

fn put_alert(detail: &mut Detail, alert: &Alert) {
    let Some(alerts) = &mut detail.alerts.value else {
        return;
    };
    match alerts.iter_mut().find(|other| other.id == alert.id) {
        Some(other) => *other = alert.clone(),
        None => alerts.push(alert.clone()),
    }
}

pub fn turn_tab(model: &mut Model, by: usize, out: &mut Out) {
    if let Some(detail) = &model.detail {
        show_tab(model, detail.tab.turn(by), out);
    }
}

pub fn show_tab(model: &mut Model, tab: Tab, out: &mut Out) {
    if let Some(detail) = &mut model.detail {
        detail.tab = tab;
        if detail.tab == Tab::Alerts && detail.alerts.asked.is_none() {
            read_alerts(model, out);
        }
    }
    assessments::read_shown(model, out);
}

pub fn go(model: &mut Model, step: Move, out: &mut Out) {
    if let Some(detail) = &model.detail {
        go_in(model, detail.tab, step, out);
    }
}

/// A move in what a tab shows, whichever has the keys.
pub fn go_in(model: &mut Model, tab: Tab, step: Move, out: &mut Out) {
    let rows = usize::from(layout::detail_rows(model.size.1));
    let (left, _) = model.walls.columns(Wall::Opened, model.size.0);
    let Some(detail) = &mut model.detail else {
        return;
    };
    match tab {
        Tab::Assessment => assessments::go(model, step),
        Tab::Logs if detail.assessments.patterns => assessments::go_patterns(model, step),
        Tab::Logs => logs::go(model, step, out),
        Tab::Timeline => {
            let timeline = &mut detail.timeline;
            let facts = timeline.facts();
            let width = usize::from(left);
            let height = |at: usize| tell::wrapped(&tell::tell(&facts[at]), width).len();
            let mut tail = timeline.tail;
            tail.go(step, &Extent { keys: timeline.versions(), rows, height: &height });
            timeline.tail = tail;
        }
        Tab::Alerts => {
            let last = detail.alerts.value.as_ref().map_or(0, Vec::len);
            // An alert takes two lines.
            let page = (rows / 2).max(1);
            detail.alerts_top = scrolled(detail.alerts_top, step, page, last.saturating_sub(page));
        }
        Tab::Overview => {
            let incident = model.known.get(detail.id);
            let instead = overview::instead(&detail.read, model.now);
            let lines = incident.map_or(0, |it| overview::lines(it, left, instead).len());
            let last = lines.saturating_sub(rows);
            detail.overview_top = scrolled(detail.overview_top, step, rows.max(1), last);
        }
    }
}

/// A first visible line after a move, at most `last`.
pub fn scrolled(top: usize, step: Move, page: usize, last: usize) -> usize {
    let half = (page / 2).max(1);
    let wanted = match step {
        Move::Down => top + 1,
        Move::Up => top.saturating_sub(1),
        Move::HalfDown => top + half,
        Move::HalfUp => top.saturating_sub(half),
        Move::PageDown => top + page,
        Move::PageUp => top.saturating_sub(page),
        Move::First => 0,
        Move::Last => last,
    };
    wanted.min(last)
}
