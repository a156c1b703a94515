//! The events screen: what happens on the left, on the right how it gets on and what could not be
//! handled; below one another where there is less room.
//!
//! ```text
//!  Events as they happen           │ Pipeline
//!  20:45:58  INC-204   alert fired │ committed ──→ positioned ──→ published ──→ handled
//!  20:45:59  INC-203   resolved    │           0              12 4s         31
//!                                  │ ───────────────────────────────────────────
//!                                  │ Dead letters 2
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::Model;
use crate::model::layout::Wall;
use crate::model::slot::Note;
use crate::theme::Theme;

use super::paint::{Pen, rule};
use super::{feed, letters, pipeline, rows};

pub fn render(buf: &mut Buffer, area: Rect, model: &Model) {
    let theme = Theme::new(model);
    let shares = model.events.rows((area.width, area.height));
    let (left, right) = model.walls.columns(Wall::Events, area.width);
    let below = rows(area, 1, area.height.saturating_sub(1));
    let left = Rect { width: left, ..below };
    feed::render(buf, rows(left, 0, shares.feed), model);
    let (side, mut top) = if right > 0 {
        let wall = Rect { x: left.right() + 1, width: 1, ..below };
        for row in 0..shares.feed {
            Pen::new(buf, wall, row, theme).text(theme.wall(), theme.dim());
        }
        (Rect { x: left.right() + 2, width: right, ..below }, 0)
    } else {
        (left, shares.feed)
    };
    if shares.pipeline > 0 {
        if right == 0 {
            rule(buf, side, top, theme);
            top += 1;
        }
        pipeline::render(buf, rows(side, top, shares.pipeline), model);
        top += shares.pipeline;
    }
    if shares.letters > 0 {
        rule(buf, side, top, theme);
        letters::render(buf, rows(side, top + 1, shares.letters), model);
    }
}

/// A heading, and beside it that what stands below is not current, and why.
pub fn heading(pen: &mut Pen, title: &str, note: Option<Note<'_>>) {
    let theme = pen.theme;
    pen.gap(1);
    pen.text(title, theme.bold());
    pen.gap(2);
    match note {
        None => {}
        Some(Note::Loading) => pen.text("Loading …", theme.dim()),
        Some(Note::Unread(failure)) => {
            pen.text(&format!("not read: {}", failure.message), theme.bad());
        }
        Some(Note::Old { age, failure }) => {
            let why = failure.map(|failure| format!(": {}", failure.message)).unwrap_or_default();
            let text = format!("{} {} s old{why}", theme.old(), age.num_seconds());
            pen.text(&text, theme.asks());
        }
    }
}

/// `name       value`, the form of the lines below a heading.
pub fn named(pen: &mut Pen, name: &str) {
    let dim = pen.theme.dim();
    pen.gap(1);
    pen.cell(name, 11, dim);
}
