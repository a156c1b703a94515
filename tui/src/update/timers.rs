//! What happens because time passes.

use chrono::{DateTime, TimeDelta, Utc};

use crate::event::{Failure, FailureKind};
use crate::model::age;
use crate::model::connection::Link;
use crate::model::copy;
use crate::model::detail::Tab;
use crate::model::health;
use crate::model::logs::{self as pane, shape::Times};
use crate::model::slot::{LOADING_AFTER, Slot};
use crate::model::{Model, Overlay, Screen, layout};

use super::{Out, cache, detail, events, health as health_page, list, logs, notify, people, query};

/// A burst of events asks for one reload, this long after the last of them …
const RELOAD_AFTER: TimeDelta = TimeDelta::milliseconds(700);
/// … and at the latest this long after the first.
const RELOAD_WITHIN: TimeDelta = TimeDelta::milliseconds(2_500);
/// After a failure that may pass by itself.
pub const RETRY_AFTER: TimeDelta = TimeDelta::seconds(5);
const COUNTS_AFTER: TimeDelta = TimeDelta::milliseconds(700);

/// How often a visible pane is read again, because some of what it shows makes no event.
const fn pane_interval(screen: Screen) -> TimeDelta {
    match screen {
        Screen::Incidents => TimeDelta::seconds(15),
        Screen::Detail | Screen::Logs | Screen::People => TimeDelta::seconds(5),
        Screen::Cache | Screen::Events | Screen::Health => TimeDelta::seconds(2),
    }
}

/// The list may show what no longer belongs there.
pub fn reload_list_soon(model: &mut Model) {
    let soon = model.now + RELOAD_AFTER;
    let latest = match model.list.reload_at {
        Some((_, latest)) => latest,
        None => model.now + RELOAD_WITHIN,
    };
    model.list.reload_at = Some((soon, latest));
}

/// What could not be read is tried again after a while.
pub fn retry_list(model: &mut Model) {
    let at = model.now + RETRY_AFTER;
    model.list.reload_at.get_or_insert((at, at));
}

/// Whether trying again may help without anybody doing something.
pub const fn is_passing(failure: &Failure) -> bool {
    match failure.kind {
        FailureKind::Offline
        | FailureKind::TimedOut
        | FailureKind::Unavailable
        | FailureKind::Unreadable => true,
        FailureKind::Unauthenticated | FailureKind::Refused => false,
    }
}

pub fn reload_counts_soon(model: &mut Model) {
    let at = model.now + COUNTS_AFTER;
    model.timers.counts.get_or_insert(at);
}

/// Another pane is visible.
pub fn watch_pane(model: &mut Model) {
    model.timers.pane = Some(model.now + pane_interval(model.screen));
}

/// The clock was set back: what was to happen in a while still happens after as long, and what was
/// heard a while ago stays as old.
pub fn clock_set_back(model: &mut Model, by: TimeDelta) {
    let shift = |at: &mut DateTime<Utc>| *at -= by;
    let connection = &mut model.connection;
    connection.heard_at.iter_mut().for_each(shift);
    connection.woken_at.iter_mut().for_each(shift);
    if let Link::Down { retry_at, .. } = &mut connection.link {
        shift(retry_at);
    }
    model.timers.counts.iter_mut().for_each(shift);
    model.timers.pane.iter_mut().for_each(shift);
    if let Some(flash) = &mut model.flash {
        shift(&mut flash.since);
        shift(&mut flash.until);
    }
    model.events.set_back(by);
    model.across.pane.look_at.iter_mut().for_each(shift);
    if let Some(detail) = &mut model.detail {
        detail.logs.look_at.iter_mut().for_each(shift);
    }
    model.notices.set_back(by);
    model.own.set_back(by);
    model.cache.stats.set_back(by);
    model.health.set_back(by);
    model.users.set_back(by);
    let list = &mut model.list;
    list.fresh.values_mut().for_each(shift);
    list.asked.iter_mut().for_each(|(asked, _)| shift(&mut asked.at));
    list.query.live_at.iter_mut().for_each(shift);
    if let Some((soon, latest)) = &mut list.reload_at {
        shift(soon);
        shift(latest);
    }
    // Ages say something else now.
    model.dirty = true;
}

/// Does what is due.
pub fn fire(model: &mut Model, out: &mut Out) {
    let now = model.now;
    if model.repaint_at.is_some_and(|at| at <= now) {
        model.dirty = true;
    }
    if model.flash.as_ref().is_some_and(|flash| flash.until <= now) {
        model.flash = None;
        model.dirty = true;
    }
    notify::fire(model, out);
    model.list.fresh.retain(|_, until| *until > now);
    if model.sign_in.is_some() {
        return;
    }
    logs::look(model, out);
    if model.timers.counts.is_some_and(|at| at <= now) {
        super::load_counts(model, out);
    }
    if model.list.query.live_at.is_some_and(|at| at <= now) {
        query::show_typed(model, out);
    }
    let reload = model.list.reload_at.map(|(soon, latest)| soon.min(latest));
    if reload.is_some_and(|at| at <= now) {
        list::reload(model, out);
    }
    if model.timers.pane.is_none_or(|at| at <= now) {
        if model.timers.pane.is_some() {
            refresh_pane(model, out);
        }
        watch_pane(model);
    }
}

fn refresh_pane(model: &mut Model, out: &mut Out) {
    list::prune(model);
    match model.screen {
        Screen::Incidents => {
            if model.list.asked.is_none() {
                list::reload_around(model, out);
            }
        }
        Screen::Detail => detail::refresh(model, out),
        Screen::Cache => cache::refresh(model, out),
        Screen::Events => events::refresh(model, out),
        Screen::Health => health_page::refresh(model, out),
        Screen::Logs => logs::across::refresh(model, out),
        Screen::People => people::refresh(model, out),
    }
}

/// Works out when time alone will change something visible, and lets timers rest while nobody is
/// signed in.
pub fn plan(model: &mut Model) {
    let now = model.now;
    if model.sign_in.is_some() {
        model.timers.pane = None;
        model.timers.counts = None;
        model.list.reload_at = None;
    }
    let flash = model.flash.as_ref().map(|flash| flash.until);
    let fresh = model.list.fresh.values().min().copied();
    model.repaint_at = [model.connection.next_change(now), flash, fresh]
        .into_iter()
        .flatten()
        .chain(loading(model))
        .chain(ages(model))
        .filter(|at| *at > now)
        .min();
}

/// When "loading" will have to be said.
fn loading(model: &Model) -> Vec<DateTime<Utc>> {
    let mut at = Vec::new();
    if let (Some(Overlay::Demonstration { .. }), Some(asked)) =
        (&model.overlay, model.cache.demo.asked)
    {
        at.push(age::next_change(asked.at, model.now));
    }
    if let Some((_, since)) = model.commands.oldest_open() {
        at.extend([since + LOADING_AFTER, age::next_change(since, model.now)]);
    }
    if let Some(round) = model.own.running() {
        at.push(age::next_change(round.since, model.now));
    }
    at.extend(copy::whole(model).and_then(Slot::loading_at));
    match (model.screen, &model.detail) {
        (Screen::Incidents, _) => {
            let since = model.list.loading_at();
            at.extend(since.iter().map(|since| age::next_change(*since, model.now)));
            at.extend(since);
        }
        (Screen::Cache, _) => at.extend(model.cache.stats.note_changes_at(model.now)),
        (Screen::Logs, _) => at.extend(model.across.pane.loading_at()),
        (Screen::Health, _) => at.extend(model.health.note_changes_at(model.now)),
        (Screen::People, _) => at.extend(model.users.note_changes_at(model.now)),
        (Screen::Events, _) => at.extend(model.events.notes_change_at(model.now)),
        (Screen::Detail, Some(detail)) => {
            at.extend(detail.read.loading_at());
            at.extend(detail.timeline.state.loading_at());
            at.extend(detail.alerts.loading_at());
            at.extend(detail.assessments.slot.loading_at());
            at.extend(detail.logs.loading_at());
        }
        (Screen::Detail, None) => {}
    }
    at
}

/// When a visible age will say something else.
fn ages(model: &Model) -> Vec<DateTime<Utc>> {
    let incidents = match model.screen {
        Screen::Incidents => model.list.visible(model.list_height()),
        Screen::Detail => {
            model.detail.as_ref().map_or(&[][..], |detail| std::slice::from_ref(&detail.id))
        }
        Screen::Logs | Screen::Cache | Screen::Events | Screen::Health | Screen::People => &[],
    };
    let beside = model.size.0 >= layout::SIDE;
    let mut at = Vec::new();
    for incident in incidents.iter().filter_map(|id| model.known.get(*id)) {
        at.push(age::next_change(incident.created_at, model.now));
        if model.screen == Screen::Detail || (beside && model.list.selected == Some(incident.id)) {
            let others = [incident.acknowledged_at, incident.resolved_at, incident.closed_at];
            let others = others.into_iter().flatten();
            at.extend(others.map(|since| age::next_change(since, model.now)));
        }
    }
    if let (Screen::Health, Some(health)) = (model.screen, &model.health.value) {
        let times = health::times(health);
        at.extend(times.map(|since| age::next_change(since, model.now)));
    }
    if model.screen == Screen::People {
        let users = model.users.value.iter().flatten();
        let times = users.flat_map(|user| [Some(user.created_at), user.last_login_at]);
        at.extend(times.flatten().map(|since| age::next_change(since, model.now)));
    }
    if model.screen == Screen::Events {
        let letters = model.events.letters.rows().iter();
        at.extend(letters.map(|letter| age::next_change(letter.since(), model.now)));
    }
    at.extend(log_ages(model));
    if let (Screen::Detail, Some(detail)) = (model.screen, &model.detail) {
        let alerts = detail.alerts.value.iter().flatten();
        at.extend(alerts.map(|alert| age::next_change(alert.last_seen_at, model.now)));
        if detail.tab == Tab::Assessment {
            let begun = detail.assessments.all().iter().map(|it| it.started_at);
            at.extend(begun.map(|since| age::next_change(since, model.now)));
        }
    }
    at
}

/// When an age before a visible log line will say something else.
fn log_ages(model: &Model) -> Vec<DateTime<Utc>> {
    if model.log_style.times != Times::Age || !pane::is_visible(model) {
        return Vec::new();
    }
    let ages = pane::measure_here(model, |pane, extent| {
        let window = pane.place.window(extent);
        let numbers = window.into_iter().flat_map(|window| window.first..window.end);
        let lines = numbers.filter_map(|index| pane.lines().get(extent.shown.at(index)?));
        lines.map(|line| age::next_change(line.at, model.now)).collect()
    });
    ages.unwrap_or_default()
}
