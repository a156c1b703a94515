//! What happens, the newest at the bottom:
//!
//! ```text
//!  20:41:07  INC-204  alert fired    CheckoutSlow i-a          alertmanager
//!  20:42:10  INC-204  investigating                            dana
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::feed::Line;
use crate::model::words::number;
use crate::model::{Model, layout};
use crate::theme::Theme;

use super::paint::Pen;
use super::{rows, time};

/// Columns of who did it, with the gap before it.
const WHO: usize = 13;
/// From this width on it is said who did it.
const WITH_WHO: u16 = 50;

pub fn render(buf: &mut Buffer, area: Rect, model: &Model) {
    let theme = Theme::new(model);
    let lines = layout::feed_lines(area.height);
    let title = area.height - lines;
    if title > 0 {
        let mut pen = Pen::new(buf, area, 0, theme);
        pen.gap(1);
        pen.text("Events as they happen", theme.bold());
        pen.keep_free(1);
        if pen.room() > 24 {
            pen.right(&time::zone(model), theme.dim());
        }
    }
    let body = rows(area, title, lines);
    let feed = &model.events.feed;
    let Some(bottom) = feed.tail.bottom(feed.keys()) else {
        for (row, text) in [
            "Nothing has happened since you came.",
            "Incidents, alerts, comments and log lines appear here, live.",
        ]
        .into_iter()
        .enumerate()
        {
            let mut pen = Pen::new(buf, body, u16::try_from(row).unwrap_or(u16::MAX), theme);
            pen.gap(1);
            pen.text(text, theme.dim());
        }
        return;
    };
    let height = usize::from(lines);
    let first = (bottom + 1).saturating_sub(height);
    let shown: Vec<&Line> = feed.lines().iter().skip(first).take(height).collect();
    let columns = Columns::of(&shown, model, area.width);
    for (row, line) in shown.into_iter().enumerate() {
        let row = u16::try_from(row).unwrap_or(u16::MAX);
        columns.draw(&mut Pen::new(buf, body, row, theme), model, line);
    }
    let below = feed.lines().len().saturating_sub(first + height);
    if below > 0 && lines > 1 {
        let more = number(i64::try_from(below).unwrap_or(i64::MAX));
        let mut pen = Pen::new(buf, body, lines - 1, theme);
        pen.keep_free(1);
        pen.right(&format!("  {more} more {}", theme.down()), theme.accent());
    }
}

/// As wide as what is shown needs them: neither a time nor a reference is ever cut.
struct Columns {
    time: usize,
    about: usize,
    who: usize,
}

impl Columns {
    fn of(lines: &[&Line], model: &Model, width: u16) -> Self {
        let who = if width >= WITH_WHO { WHO } else { 0 };
        let mut columns = Self { time: 8, about: 7, who };
        for line in lines {
            if let Line::Event { at, about, .. } = line {
                columns.time = columns.time.max(time::stamp(model, *at).len());
                columns.about = columns.about.max(about.len());
            }
        }
        columns
    }

    fn draw(&self, pen: &mut Pen, model: &Model, line: &Line) {
        let theme = pen.theme;
        pen.gap(1);
        match line {
            Line::Gap => {
                pen.gap(self.time + 2);
                let text = "the stream began anew: what happened meanwhile is missing";
                pen.text(text, theme.asks());
            }
            Line::Event { at, about, what, who, tone } => {
                pen.number(&time::stamp(model, *at), self.time, theme.dim());
                pen.gap(2);
                pen.cell(about, self.about, theme.bold());
                pen.gap(2);
                let room = pen.room().saturating_sub(self.who);
                pen.cell(what.as_str(), room, theme.tone(*tone));
                pen.gap(1);
                if self.who > 0 {
                    pen.text(who.as_str(), theme.plain());
                }
            }
        }
    }
}
