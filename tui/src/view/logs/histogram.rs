//! When there was how much, of the lines held; with a second row the errors alone.

use chrono::DateTime;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use watchfire_shared::log::Level;

use crate::model::Model;
use crate::model::logs::LogPane;
use crate::model::logs::lines::as_number;
use crate::model::words::number;
use crate::theme::Theme;
use crate::view::paint::Pen;
use crate::view::time;

/// Columns of the curve at most.
const WIDEST: usize = 60;
const LEVELS: usize = Level::ALL.len();

pub fn render(buf: &mut Buffer, area: Rect, model: &Model, pane: &LogPane) {
    let histogram = pane.histogram();
    let Some((from, to)) = histogram.span().filter(|_| area.height > 0) else {
        return;
    };
    let theme = Theme::new(model);
    let columns = histogram.columns((usize::from(area.width) / 3).min(WIDEST));
    let all: Vec<u32> = columns.iter().map(|counts| counts.iter().sum()).collect();
    let highest = all.iter().copied().max().unwrap_or(1).max(1);
    let mut pen = Pen::new(buf, area, 0, theme);
    pen.gap(1);
    for (counts, sum) in columns.iter().zip(&all) {
        bar(&mut pen, *sum, highest, worst(theme, counts));
    }
    let stamp = |at| time::stamp(model, DateTime::from_timestamp_micros(at).unwrap_or_default());
    let span = format!("{} {} {}", stamp(from), theme.none(), stamp(to - 1));
    pen.gap(2);
    if area.height < 2 {
        counts(&mut pen, pane);
        pen.gap(2);
        if pen.room() > span.len() {
            pen.text(&span, theme.dim());
        }
        return;
    }
    pen.text(&span, theme.dim());
    let mut pen = Pen::new(buf, area, 1, theme);
    pen.gap(1);
    for counts in &columns {
        let errors = counts[Level::Error as usize].saturating_add(counts[Level::Fatal as usize]);
        bar(&mut pen, errors, highest, theme.bad());
    }
    pen.gap(2);
    counts(&mut pen, pane);
}

fn bar(pen: &mut Pen, count: u32, highest: u32, style: Style) {
    let theme = pen.theme;
    if count == 0 {
        pen.text(theme.unasked(), theme.dim());
    } else {
        pen.text(theme.block(f64::from(count) / f64::from(highest)), style);
    }
}

/// As the gravest level among them.
fn worst(theme: Theme, counts: &[u32; LEVELS]) -> Style {
    let levels = Level::ALL.iter().rev();
    let worst = levels.copied().find(|level| counts[*level as usize] > 0);
    worst.map_or(theme.dim(), |level| theme.level(level))
}

/// `error 812  warn 391 of 1,204`.
fn counts(pen: &mut Pen, pane: &LogPane) {
    let theme = pen.theme;
    for level in [Level::Fatal, Level::Error, Level::Warn] {
        let total = pane.histogram().total(level);
        if total > 0 {
            pen.text(&format!("{level} {}", number(total)), theme.level(level));
            pen.gap(2);
        }
    }
    pen.text(&format!("of {}", number(as_number(pane.lines().len()))), theme.dim());
}
