//! The terminal while the screen is open, and as it was afterwards: after a normal end, an error, a
//! signal and a panic alike.

use std::io::{self, Stdout, Write, stdout};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use crate::model::Model;
use crate::view;

type Buffered = Terminal<CrosstermBackend<io::BufWriter<Stdout>>>;

/// The open screen; dropping it gives the terminal back.
pub struct Screen {
    terminal: Buffered,
}

impl Screen {
    pub fn enter() -> io::Result<Self> {
        // Made first: from here on every way out puts the terminal back.
        let restore = Restore;
        open()?;
        let terminal = terminal()?;
        std::mem::forget(restore);
        Ok(Self { terminal })
    }

    /// Gives the terminal to another program.
    pub fn leave(&mut self) {
        drop(Restore);
    }

    /// Takes it back, and draws all of it at the next frame.
    pub fn take_back(&mut self) -> io::Result<()> {
        open()?;
        // A new one knows that nothing stands on the screen; clearing would ask the terminal where
        // its cursor is, and not every terminal answers in time.
        self.terminal = terminal()?;
        Ok(())
    }

    /// Columns and rows.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    pub fn draw(&mut self, model: &Model) -> io::Result<()> {
        self.terminal.draw(|frame| view::render(frame, model)).map(drop)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        drop(Restore);
    }
}

fn terminal() -> io::Result<Buffered> {
    Terminal::new(CrosstermBackend::new(io::BufWriter::with_capacity(1 << 16, stdout())))
}

fn open() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide)
}

struct Restore;

impl Drop for Restore {
    fn drop(&mut self) {
        // Each on its own: what can still be put back is. A terminal that is gone needs nothing.
        let _ = disable_raw_mode();
        let mut to = stdout();
        let _ = execute!(to, DisableBracketedPaste, Show);
        let _ = execute!(to, LeaveAlternateScreen);
        let _ = to.flush();
    }
}
