//! Writes to a terminal that may measure characters otherwise than we do: emoji newer than it, signs
//! that are narrow or wide by taste, letters that it joins. After each of them the cursor is sent to
//! where the next cell is, so that such a character may look wrong but moves none of its neighbours.

use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

pub struct Anchored<W: Write>(CrosstermBackend<W>);

impl<W: Write> Anchored<W> {
    pub const fn new(to: W) -> Self {
        Self(CrosstermBackend::new(to))
    }
}

/// Whether terminals may differ about its width. Lines and blocks, which come in long rows, are what
/// every terminal draws in one column that has them at all.
fn is_unsure(symbol: &str) -> bool {
    !symbol.is_ascii() && !symbol.chars().all(|c| matches!(c, '\u{2500}'..='\u{259f}'))
}

impl<W: Write> Backend for Anchored<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        while content.peek().is_some() {
            let mut unsure = false;
            // Each drawing begins with sending the cursor to its first cell.
            self.0.draw(std::iter::from_fn(|| {
                let next = if unsure { None } else { content.next() };
                unsure = next.is_some_and(|(_, _, cell)| is_unsure(cell.symbol()));
                next
            }))?;
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.0.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.0.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.0.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.0.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.0.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.0.clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        self.0.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.0.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn written(text: &str) -> String {
        let area = Rect::new(0, 0, 40, 1);
        let mut buffer = Buffer::empty(area);
        buffer.set_string(0, 0, text, Style::new());
        let mut bytes = Vec::new();
        let cells = Buffer::empty(area);
        let changed = cells.diff(&buffer);
        Anchored::new(&mut bytes).draw(changed.into_iter()).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn after_what_terminals_measure_differently_the_cursor_is_sent_on() {
        for (text, column) in [("a⚠b", 3), ("a監b", 4), ("a👍b", 4), ("ae\u{301}b", 3), ("a·b", 3)]
        {
            let written = written(text);
            let (_, after) = written.split_once(text.trim_matches(['a', 'b'])).unwrap();
            assert!(after.contains(&format!("\x1b[1;{column}H")), "{text:?}: {written:?}");
        }
    }

    #[test]
    fn what_every_terminal_agrees_on_is_written_in_one_piece() {
        for text in ["plain_text", "───────", "▌│┌"] {
            assert!(written(text).contains(text), "{text:?}");
        }
        assert_eq!(written(""), "", "nothing changed, nothing is written");
    }
}
