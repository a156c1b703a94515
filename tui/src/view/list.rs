//! The incident list:
//!
//! ```text
//!  watchfire ● live      12 open · 4 invest. · 7 resolved · ▲▲ 2       dana @ local
//!  / status:open priority:>=high                                         16 shown
//!    PRI      REF      STATUS        AGE  TITLE                 SERVICE     WHO
//! ▌▲▲ crit  INC-204  ○ open         2m  Checkout latency p99…  checkout    –
//!  ▲  high  INC-203  ◐ invest.     14m  Payment retries clim…  payments    dana
//! ─────────────────────────────────────────────────────────────────────────────────
//!  INC-204  2 alerts firing · 1,204 log lines · opened 2m ago by alertmanager
//!  a investigate  n comment  p priority  m assign to me  ? help        1:incidents
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use watchfire_shared::filter::Completion;
use watchfire_shared::ids::IncidentId;
use watchfire_shared::page::Sort;

use crate::action::Action;
use crate::event::Failure;
use crate::keymap::Context;
use crate::model::groups::{Key, Line};
use crate::model::layout::{self, ListRows, Wall};
use crate::model::list::List;
use crate::model::query::DEFAULT_QUERY;
use crate::model::window::End;
use crate::model::words::{count, number, sort_words};
use crate::model::{Model, age};
use crate::safe::SafeText;
use crate::theme::Theme;

use super::paint::{Pen, rule};
use super::table::Table;
use super::{Cursor, field, rows, side};

pub fn render(buf: &mut Buffer, area: Rect, model: &Model) -> Cursor {
    let theme = Theme::new(model);
    let shares = layout::list_rows(area.height);
    let mut cursor = None;
    if shares.query > 0 {
        cursor = query(&mut Pen::new(buf, area, 1, theme), model);
    }
    let content = rows(area, 1 + shares.query, shares.header + shares.rows);
    let (table, beside) = columns(content, model);
    render_table(buf, table, model, shares, theme);
    let told = beside.is_some();
    if let (Some(beside), Some(incident)) = (beside, model.subject()) {
        side::render(buf, beside, model, incident);
    }
    if shares.answer > 0 {
        let top = 1 + shares.query + shares.header + shares.rows;
        rule(buf, area, top, theme);
        answer(&mut Pen::new(buf, area, top + 1, theme), model, told);
    }
    cursor
}

/// The table, and on a wide screen the selected incident beside it.
fn columns(area: Rect, model: &Model) -> (Rect, Option<Rect>) {
    let (left, right) = model.walls.columns(Wall::List, area.width);
    let table = Rect { width: left, ..area };
    let beside = Rect { x: area.x + left, width: right, ..area };
    (table, (right > 0).then_some(beside))
}

fn query(pen: &mut Pen, model: &Model) -> Cursor {
    let theme = pen.theme;
    let list = &model.list;
    let query = &list.query;
    let marks = Some(&model.marks).filter(|marks| !marks.is_empty());
    let marked = marks.map(|marks| format!("{} ", marks.words(list))).unwrap_or_default();
    pen.gap(1);
    pen.text("/ ", if query.editing { theme.accent() } else { theme.dim() });
    if let Some((total, exact)) = list.total.filter(|_| list.loaded && !query.editing) {
        let more = if exact { "" } else { "+" };
        let order = match list.sort {
            sort if sort == Sort::default() => String::new(),
            sort => format!("{} {} ", sort_words(sort), theme.dot()),
        };
        let text = if list.group.is_some() && !list.window.is_whole() {
            grouped(list, (total, exact))
        } else if list.window.is_whole() {
            format!("{order}{}{more} shown ", number(total))
        } else {
            format!("{order}{} ", place(list, (total, exact), theme))
        };
        if pen.room() > 40 + marked.len() {
            pen.right(&text, theme.dim());
        }
        let unseen = i64::try_from(list.unseen.len()).unwrap_or(i64::MAX);
        if unseen > 0 {
            let text = format!("{} new {} ", number(unseen), theme.order(true));
            pen.right(&text, theme.accent());
        }
    }
    if let Some(text) = loading(model).filter(|_| !list.rows.is_empty()) {
        pen.right(&text, theme.dim());
    }
    if !marked.is_empty() && pen.room() > marked.len() + 4 {
        pen.right(&marked, theme.accent());
    }
    if let Some(failure) = list.failure.as_ref().filter(|_| !list.rows.is_empty()) {
        not_current(pen, failure, query.field.text());
    }
    let wrong = query.mistake.as_ref().map(|mistake| mistake.start..mistake.end);
    let style = if query.editing { theme.plain() } else { theme.dim() };
    field::line(pen, &query.field, query.editing, style, wrong)
}

/// Groups are arranged of what is held: `grouped: the first 2,000 of 5,000`.
fn grouped(list: &List, (total, exact): (i64, bool)) -> String {
    let held = i64::try_from(list.rows.len()).unwrap_or(i64::MAX).min(total);
    let part = match list.window.end {
        End::Top if !list.window.has_above() => "the first ",
        End::Bottom if !list.window.has_below() => "the last ",
        _ => "",
    };
    let more = if exact { "" } else { "+" };
    format!("grouped: {part}{} of {}{more} ", number(held), number(total))
}

/// Where the cursor stands in a list of which a part is held: `row ≈ 252 of 812`. What nobody has
/// counted is not said.
fn place(list: &List, (total, exact): (i64, bool), theme: Theme) -> String {
    let Some((before, sure)) = list.before_selected() else {
        return "near the end".to_owned();
    };
    let row = i64::try_from(before + 1).unwrap_or(i64::MAX);
    let about = if sure { String::new() } else { format!("{} ", theme.about()) };
    let of = match (exact, row <= total) {
        (true, _) => format!(" of {}", number(total)),
        (false, true) => format!(" of {}+", number(total)),
        (false, false) => String::new(),
    };
    format!("row {about}{}{of}", number(row))
}

/// The list of another query or order is being read, and that takes its time.
fn loading(model: &Model) -> Option<String> {
    let since = model.list.loading_at().filter(|at| *at <= model.now)?;
    match (model.now - since).num_seconds() {
        0 => Some("loading … ".to_owned()),
        seconds => Some(format!("loading … {seconds} s ")),
    }
}

/// Rows that could not be read again: the reason where there is room beside the query, else in short.
fn not_current(pen: &mut Pen, failure: &Failure, query: &str) {
    let long = SafeText::line(&format!("not read again: {} · ", failure.message));
    let short = "not read again · ";
    let beside = SafeText::line(query).width() + 4;
    let style = pen.theme.asks();
    if pen.room() > long.width() + beside {
        pen.right(long.as_str(), style);
    } else if pen.room() > short.chars().count() + beside.min(20) {
        pen.right(short, style);
    }
}

fn render_table(buf: &mut Buffer, area: Rect, model: &Model, shares: ListRows, theme: Theme) {
    let list = &model.list;
    let table = Table::new(usize::from(area.width), model);
    if shares.header > 0 {
        let mut pen = Pen::new(buf, area, 0, theme);
        match (&list.query.mistake, list.query.offered()) {
            (_, ways @ [_, ..]) => offer(&mut pen, ways, list.query.taken),
            (Some(mistake), _) => {
                pen.gap(3);
                pen.text(&mistake.to_string(), theme.bad());
            }
            (None, _) => table.header(&mut pen, list.sort),
        }
    }
    let body = rows(area, shares.header, shares.rows);
    if list.visible(usize::from(shares.rows)).is_empty() {
        empty(buf, body, model, theme);
        return;
    }
    for (row, line) in (0..body.height).zip(list.lines(usize::from(shares.rows))) {
        let mut pen = Pen::new(buf, body, row, theme);
        match line {
            Line::Head(key) => head(&mut pen, model, key),
            Line::Row(id) => {
                if let Some(incident) = model.known.get(id) {
                    table.row(&mut pen, model, incident);
                }
            }
        }
    }
}

/// What could stand at the cursor, on one line; the one that stands there is always among them.
fn offer(pen: &mut Pen, ways: &[Completion], taken: Option<usize>) {
    let theme = pen.theme;
    let width = |way: &Completion| SafeText::line(&way.text).width() + 2;
    let at = taken.unwrap_or(0);
    let mut room = pen.room().saturating_sub(2 + ways.get(at).map_or(0, width));
    let before = |way: &&Completion| {
        let fits = room >= width(way);
        room = room.saturating_sub(width(way));
        fits
    };
    let first = at - ways[..at].iter().rev().take_while(before).count().min(at);
    pen.gap(2);
    for (index, way) in ways.iter().enumerate().skip(first) {
        let here = Some(index) == taken;
        pen.text(if here { theme.bar() } else { " " }, theme.accent());
        pen.text(&way.text, if here { theme.bold() } else { theme.plain() });
        pen.gap(1);
    }
}

/// The head of a group: `checkout  3`, or how many are loaded where there may be more.
fn head(pen: &mut Pen, model: &Model, key: &Key) {
    let theme = pen.theme;
    let Some(by) = model.list.group else {
        return;
    };
    let (size, whole) = model.list.size_of(key);
    let size = number(i64::try_from(size).unwrap_or(i64::MAX));
    let name = if key.name.is_empty() { by.unnamed() } else { key.name.as_str() };
    pen.gap(1);
    pen.text(name, theme.bold());
    pen.gap(2);
    pen.text(&if whole { size } else { format!("{size} loaded") }, theme.dim());
    pen.gap(1);
    pen.rule(theme.dim());
}

/// Why there are no rows, and what to do.
fn empty(buf: &mut Buffer, area: Rect, model: &Model, theme: Theme) {
    let list = &model.list;
    let mut say = |row: u16, text: &str, style| {
        let mut pen = Pen::new(buf, area, row, theme);
        pen.gap(3);
        pen.text(text, style);
    };
    if let Some(failure) = list.failure.as_ref().filter(|_| !list.loaded) {
        say(1, &failure.message, theme.bad());
        let next = if failure.problem.is_some() {
            hints(model, &[(Action::Query, "changes the query"), (Action::Back, "clears it")])
        } else {
            let now = hints(model, &[(Action::Reload, "tries now")]);
            format!("It is tried again by itself · {now}")
        };
        say(2, &next, theme.dim());
    } else if !list.loaded {
        if list.loading_at().is_some_and(|at| at <= model.now) {
            say(1, "Loading …", theme.dim());
        }
    } else if list.query.applied == DEFAULT_QUERY {
        say(1, "Nothing is burning.", theme.over());
        let new = hints(model, &[(Action::NewIncident, "new incident")]);
        say(2, &format!("{new} · alerts arrive by themselves"), theme.dim());
    } else {
        let text = format!("No incidents match  {}", list.query.applied);
        say(1, &text, theme.plain());
        let next = hints(
            model,
            &[
                (Action::Back, "clears"),
                (Action::Query, "changes the query"),
                (Action::NewIncident, "new"),
            ],
        );
        say(2, &next, theme.dim());
    }
}

/// What could be done, each with its key, as far as it has one.
fn hints(model: &Model, ways: &[(Action, &str)]) -> String {
    let hint = |(action, words): &(Action, &str)| {
        model.key(Context::List, *action).map(|key| format!("{key} {words}"))
    };
    let may = |(action, _): &&(Action, &str)| model.may(*action);
    ways.iter().filter(may).filter_map(hint).collect::<Vec<_>>().join(" · ")
}

/// What is this? One line about the selected row, with the title that is cut there, unless it is `told`
/// beside the list.
fn answer(pen: &mut Pen, model: &Model, told: bool) {
    let theme = pen.theme;
    let width = pen.room();
    let Some(incident) = model.subject() else {
        return;
    };
    pen.gap(1);
    pen.text(&incident.reference.to_string(), theme.bold());
    pen.gap(2);
    if model.known.is_deleted(incident.id) {
        pen.text("was deleted; it leaves with the cursor", theme.dim());
        return;
    }
    if is_ghost(model, incident.id) {
        pen.text("no longer matches the query; it leaves with the cursor", theme.dim());
        return;
    }
    let mut parts = Vec::new();
    if incident.still_firing() {
        let firing = count(incident.firing_alerts, "alert", "alerts");
        parts.push(format!("{} by hand, {firing} still firing at source", incident.status));
    } else if incident.firing_alerts > 0 {
        parts.push(format!("{} firing", count(incident.firing_alerts, "alert", "alerts")));
    }
    if incident.log_count > 0 {
        let share = model.known.error_share(incident).filter(|share| *share > 0);
        let share = share.map_or_else(String::new, |share| format!(", {share} % error"));
        parts.push(format!("{}{share}", count(incident.log_count, "log line", "log lines")));
    }
    parts.push(format!(
        "opened {} ago by {}",
        age::age(incident.created_at, model.now),
        incident.created_by.name
    ));
    if model.drafts.contains_key(&incident.id) {
        let key = model.key(Context::List, Action::Comment);
        let key = key.map_or_else(String::new, |key| format!(" ({key})"));
        parts.insert(0, format!("a comment is begun{key}"));
    }
    if !told && Table::new(width, model).cuts(&incident.title) {
        pen.text(&SafeText::clipped(&incident.title, width / 2).to_string(), theme.bold());
        pen.gap(2);
    }
    pen.text(&parts.join(&format!(" {} ", theme.dot())), theme.plain());
}

fn is_ghost(model: &Model, id: IncidentId) -> bool {
    model.list.ghost == Some(id)
}
