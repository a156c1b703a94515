//! The question before many incidents are changed, in a sheet above the foot. It lists every one of
//! them as it stood when it was asked:
//!
//! ```text
//! ─────────────────────────────────────────────────────────────────────
//!  Resolve 2 incidents?                                    1 not sent
//!  INC-203  ◐ invest.   Payment retries climbing
//!  INC-199  ◐ invest.   Disk 91 % on db-eu-3        changed meanwhile
//!  Not sent:
//!  INC-204  is open     Checkout latency p99 over 4 s
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use watchfire_shared::incident::Incident;

use crate::model::Model;
use crate::model::batch::{Item, Question};
use crate::theme::{Theme, short_status};

use super::paint::{Pen, clear, rule};
use super::{rows, sheet};

pub fn render(buf: &mut Buffer, area: Rect, model: &Model, question: &Question) {
    let theme = Theme::new(model);
    let height = u16::try_from(question.length() + 1).unwrap_or(u16::MAX - 1);
    let sheet = sheet(area, height);
    clear(buf, sheet);
    rule(buf, sheet, 0, theme);
    let body = rows(sheet, 2, sheet.height.saturating_sub(2));
    let visible = usize::from(body.height).max(1);
    let top = question.top.min(question.length().saturating_sub(visible));
    let mut pen = Pen::new(buf, sheet, 1, theme);
    pen.gap(1);
    pen.keep_free(1);
    if question.length() > visible {
        let last = (top + visible).min(question.length());
        pen.right(&format!("{}-{last} of {}", top + 1, question.length()), theme.dim());
    }
    if !question.apart.is_empty() && pen.room() > 40 {
        pen.right(&format!("{} not sent", question.apart.len()), theme.asks());
    }
    pen.text(&question.text, theme.bold());
    for row in 0..body.height {
        let mut pen = Pen::new(buf, body, row, theme);
        pen.gap(1);
        pen.keep_free(1);
        line(&mut pen, model, question, top + usize::from(row));
    }
}

fn line(pen: &mut Pen, model: &Model, question: &Question, at: usize) {
    if let Some(item) = question.items.get(at) {
        to_do(pen, model, item);
        return;
    }
    let at = at - question.items.len();
    if question.apart.is_empty() {
        return;
    }
    match at.checked_sub(1).map(|at| question.apart.get(at)) {
        None => pen.text("Not sent:", pen.theme.asks()),
        Some(Some((incident, why))) => {
            reference(pen, incident);
            let dim = pen.theme.dim();
            pen.text(why, pen.theme.asks());
            pen.gap(2);
            pen.text(&incident.title, dim);
        }
        Some(None) => {}
    }
}

fn reference(pen: &mut Pen, incident: &Incident) {
    let text = incident.reference.to_string();
    let width = text.len().max(7) + 2;
    pen.cell(&text, width, pen.theme.bold());
}

fn to_do(pen: &mut Pen, model: &Model, item: &Item) {
    let theme = pen.theme;
    let seen = &item.seen;
    // What has changed is refused by the daemon, which says who did it.
    let other = model
        .known
        .get(seen.id)
        .is_some_and(|now| item.deed.command(now) != item.deed.command(seen));
    if model.known.is_deleted(seen.id) {
        pen.right("deleted meanwhile", theme.asks());
    } else if other {
        pen.right("changed meanwhile", theme.asks());
    } else if model.list.index_of(seen.id).is_none() {
        pen.right("not in view", theme.dim());
    }
    reference(pen, seen);
    let status = format!("{} {}", theme.status_glyph(seen.status), short_status(seen.status));
    pen.cell(&status, 12, theme.status(seen.status));
    pen.text(&seen.title, theme.plain());
}
