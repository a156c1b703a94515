//! Text fields: the text around the cursor, scrolled so that the cursor is always visible.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::model::input::TextField;
use crate::safe::SafeText;
use crate::theme::Theme;

use super::Cursor;
use super::paint::Pen;

/// Draws a one-line field to the end of the pen's line. `wrong` is a range of characters to underline.
pub fn line(
    pen: &mut Pen,
    field: &TextField,
    focused: bool,
    style: Style,
    wrong: Option<Range<usize>>,
) -> Cursor {
    let room = pen.room();
    let before = SafeText::line(field.before_cursor()).width();
    // One column is the cursor's.
    let skip = if focused { (before + 1).saturating_sub(room) } else { 0 };
    let x = pen.x();
    let mut at = 0;
    for (text, in_error) in split(field.text(), wrong) {
        let style = if in_error { pen.theme.mistake() } else { style };
        for grapheme in SafeText::line(text).as_str().graphemes(true) {
            if at >= skip {
                pen.text(grapheme, style);
            }
            at += grapheme.width();
        }
    }
    let offset = u16::try_from(before - skip.min(before)).unwrap_or(u16::MAX);
    (focused && room > 0).then(|| Position::new(x.saturating_add(offset), pen.y()))
}

/// The text in parts, each with whether it is in the range of characters.
fn split(text: &str, wrong: Option<Range<usize>>) -> Vec<(&str, bool)> {
    let Some(range) = wrong else {
        return vec![(text, false)];
    };
    let byte = |chars: usize| text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at);
    let start = byte(range.start);
    let end = byte(range.end).max(start);
    vec![(&text[..start], false), (&text[start..end], true), (&text[end..], false)]
}

/// Stars, one for each character of a password.
pub fn secret(pen: &mut Pen, field: &TextField, focused: bool, style: Style) -> Cursor {
    let mut stars = TextField::default();
    for _ in field.after_cursor().chars() {
        stars.insert('*');
    }
    stars.edit(crate::action::Edit::Start);
    for _ in field.before_cursor().chars() {
        stars.insert('*');
    }
    line(pen, &stars, focused, style, None)
}

/// Lines of a many-line field in columns of `width`, broken where they are full, so that the cursor
/// stands where the text before it ends.
pub fn hard_wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(2);
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let safe = SafeText::line(line);
        let mut out = String::new();
        let mut used = 0;
        for grapheme in safe.as_str().graphemes(true) {
            let columns = grapheme.width();
            if used + columns > width {
                lines.push(std::mem::take(&mut out));
                used = 0;
            }
            out.push_str(grapheme);
            used += columns;
        }
        lines.push(out);
    }
    lines
}

/// Draws a many-line field; the lines around the cursor when there are more than rows.
pub fn lines(
    buf: &mut Buffer,
    area: Rect,
    theme: Theme,
    field: &TextField,
    style: Style,
) -> Cursor {
    if area.is_empty() {
        return None;
    }
    // The cursor needs a column behind the last character.
    let width = usize::from(area.width).saturating_sub(1);
    let all = hard_wrap(field.text(), width);
    let before = hard_wrap(field.before_cursor(), width);
    let cursor_line = before.len().saturating_sub(1);
    let rows = usize::from(area.height);
    let top = (cursor_line + 1).saturating_sub(rows);
    for (row, line) in all.iter().skip(top).take(rows).enumerate() {
        let mut pen = Pen::new(buf, area, u16::try_from(row).unwrap_or(u16::MAX), theme);
        pen.text(line, style);
    }
    let column = before.last().map_or(0, |line| line.width());
    let x = area.x.saturating_add(u16::try_from(column).unwrap_or(0));
    let y = u16::try_from(cursor_line - top).unwrap_or(0);
    Some(Position::new(x, area.y.saturating_add(y)))
}
