//! The one door to the screen. Every text passes `SafeText` here, is clipped to its place and, where
//! the terminal has no UTF-8, made ASCII; so no panel can forget it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::safe::SafeText;
use crate::theme::Theme;

/// Lines of a text in an area, from the row `top` on; the last one takes the rest, and is cut. Answers
/// the row below them.
pub fn wrapped(
    buf: &mut Buffer,
    area: Rect,
    top: u16,
    text: &str,
    (theme, style): (Theme, Style),
) -> u16 {
    let room = usize::from(area.width).saturating_sub(2);
    let lines = SafeText::line(text).wrap(room);
    let last = usize::from(area.height.saturating_sub(top)).saturating_sub(1);
    let mut below = top;
    for (row, line) in (top..area.height).zip(0..lines.len()) {
        let rest: Vec<&str> = lines[line..].iter().map(SafeText::as_str).collect();
        let text = if line == last { rest.join(" ") } else { rest[0].to_owned() };
        let mut pen = Pen::new(buf, area, row, theme);
        pen.gap(1);
        pen.keep_free(1);
        pen.text(&text, style);
        below = row + 1;
    }
    below
}

/// A pen on one line of the screen. Writing beyond its end is cut with `…`; a line outside the
/// screen takes nothing.
pub struct Pen<'a> {
    buf: &'a mut Buffer,
    pub theme: Theme,
    x: u16,
    end: u16,
    y: u16,
}

impl<'a> Pen<'a> {
    /// On the line `row` (from 0) of an area.
    pub fn new(buf: &'a mut Buffer, area: Rect, row: u16, theme: Theme) -> Self {
        let area = area.intersection(buf.area);
        let inside = row < area.height;
        Self {
            theme,
            x: area.x,
            end: if inside { area.right() } else { area.x },
            y: if inside { area.y + row } else { area.y },
            buf,
        }
    }

    /// Columns left.
    pub fn room(&self) -> usize {
        usize::from(self.end.saturating_sub(self.x))
    }

    /// The column of the next character on the screen.
    pub const fn x(&self) -> u16 {
        self.x
    }

    pub const fn y(&self) -> u16 {
        self.y
    }

    /// Takes columns away at the right end.
    pub fn keep_free(&mut self, columns: usize) {
        let columns = u16::try_from(columns).unwrap_or(u16::MAX);
        self.end = self.end.saturating_sub(columns).max(self.x);
    }

    pub fn gap(&mut self, columns: usize) {
        self.x += to_columns(columns.min(self.room()));
    }

    /// Writes as much as there is room for.
    pub fn text(&mut self, text: &str, style: Style) {
        let width = self.write(text, self.room(), style);
        self.x += to_columns(width);
    }

    /// A cell of `width` columns, the text on its left.
    pub fn cell(&mut self, text: &str, width: usize, style: Style) {
        let width = width.min(self.room());
        self.write(text, width, style);
        self.x += to_columns(width);
    }

    /// A cell of `width` columns, the text on its right.
    pub fn number(&mut self, text: &str, width: usize, style: Style) {
        let width = width.min(self.room());
        let safe = self.fit(text, width);
        self.x += to_columns(width - safe.width());
        self.put(&safe, style);
        self.x += to_columns(safe.width());
    }

    /// At the right end, which moves left by the text and a gap; what does not fit is cut.
    pub fn right(&mut self, text: &str, style: Style) {
        let safe = self.fit(text, self.room());
        let width = safe.width();
        let x = self.x;
        self.x = self.end.saturating_sub(to_columns(width));
        self.put(&safe, style);
        self.x = x;
        self.keep_free(width + 1);
    }

    /// Repeats a one-column glyph.
    pub fn fill(&mut self, glyph: &str, columns: usize, style: Style) {
        for _ in 0..columns.min(self.room()) {
            self.text(glyph, style);
        }
    }

    /// Repeats a one-column glyph to the end.
    pub fn rule(&mut self, style: Style) {
        let glyph = self.theme.rule();
        self.fill(glyph, self.room(), style);
    }

    /// Adds a style to the whole line.
    pub fn style_line(&mut self, style: Style) {
        let width = self.end.saturating_sub(self.x);
        let area = Rect::new(self.x, self.y, width, u16::from(width > 0));
        self.buf.set_style(area, style);
    }

    fn fit(&self, text: &str, width: usize) -> SafeText {
        let safe = SafeText::clipped(text, width);
        if self.theme.unicode() { safe } else { safe.ascii() }
    }

    fn write(&mut self, text: &str, width: usize, style: Style) -> usize {
        let safe = self.fit(text, width);
        self.put(&safe, style);
        safe.width()
    }

    /// Every character has a cell of its own, with its marks: where a terminal draws those apart
    /// that others join, each is drawn and cleared in its place.
    fn put(&mut self, text: &SafeText, style: Style) {
        let (mut x, mut room) = (self.x, self.room());
        for (part, width) in text.parts() {
            if width > room {
                return;
            }
            for column in x..x + to_columns(width) {
                let Some(cell) = self.buf.cell_mut((column, self.y)) else { return };
                if column == x {
                    cell.set_symbol(part).set_style(style);
                } else {
                    cell.reset();
                }
            }
            x += to_columns(width);
            room -= width;
        }
    }
}

/// Nothing wider than a screen is ever asked for.
fn to_columns(columns: usize) -> u16 {
    u16::try_from(columns).unwrap_or(u16::MAX)
}

/// Thin separation of two areas.
pub fn rule(buf: &mut Buffer, area: Rect, row: u16, theme: Theme) {
    Pen::new(buf, area, row, theme).rule(theme.dim());
}

/// Empties an area before something is drawn on top.
pub fn clear(buf: &mut Buffer, area: Rect) {
    let area = area.intersection(buf.area);
    for position in area.positions() {
        if let Some(cell) = buf.cell_mut(position) {
            cell.reset();
        }
    }
}
