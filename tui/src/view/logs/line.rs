//! One line of a log pane, in as many rows as it takes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::logs::LogPane;
use crate::model::logs::lines::Line;
use crate::model::logs::shape::{self, Columns, Tag, Times};
use crate::model::{Model, age};
use crate::safe::flow::Row;
use crate::theme::Theme;
use crate::view::paint::Pen;
use crate::view::time;

/// Says how many rows it took.
pub fn render(
    buf: &mut Buffer,
    area: Rect,
    model: &Model,
    pane: &LogPane,
    columns: &Columns,
    line: &Line<'_>,
    selected: bool,
) -> u16 {
    let theme = Theme::new(model);
    let max = if model.log_style.wrap { usize::from(area.height) } else { 1 };
    let pattern = pane.wanted().pattern.as_ref();
    let rows = shape::rows(line, pattern, columns.text, max);
    let is_hit = pane.is_hit(line.number);
    for (index, row) in (0u16..).zip(&rows) {
        let mut pen = Pen::new(buf, area, index, theme);
        if index == 0 {
            pen.text(if selected { theme.bar() } else { " " }, theme.accent());
            before(&mut pen, model, columns, line);
        } else {
            pen.gap(columns.before_text());
        }
        text(&mut pen, row, is_hit, selected);
    }
    u16::try_from(rows.len()).unwrap_or(u16::MAX)
}

fn before(pen: &mut Pen, model: &Model, columns: &Columns, line: &Line<'_>) {
    let theme = pen.theme;
    if columns.time > 0 {
        let text = match model.log_style.times {
            Times::Age => age::age(line.at, model.now),
            Times::Clock | Times::None => time::stamp(model, line.at),
        };
        pen.number(&text, columns.time, theme.dim());
        pen.gap(1);
    }
    if columns.reference > 0 {
        let known = model.across.reference(line.incident);
        let reference = known.map_or_else(|| theme.none().to_owned(), |it| it.to_string());
        pen.cell(&reference, columns.reference, theme.bold());
        pen.gap(1);
    }
    pen.cell(line.level.as_str(), columns.level, theme.level(line.level));
    pen.gap(1);
    if columns.source > 0 {
        pen.cell(line.source, columns.source, theme.dim());
        pen.gap(1);
    }
}

fn text(pen: &mut Pen, row: &Row<Tag>, is_hit: bool, selected: bool) {
    let theme = pen.theme;
    let message = match (selected, is_hit) {
        (true, _) => theme.selected(),
        (false, true) => theme.plain(),
        // It only stands around one that passes.
        (false, false) => theme.dim(),
    };
    for run in row {
        let style: Style = match run.tag {
            Tag::Message => message,
            Tag::Found => message.patch(theme.found()),
            Tag::Aside => theme.dim(),
        };
        pen.text(run.text.as_str(), style);
    }
}
