//! The terminal while the screen is open, and as it was afterwards: after a normal end, an error, a
//! signal and a panic alike.

mod anchored;

use std::io::{self, Stdout, Write, stdout};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste,
};
use crossterm::execute;
use crossterm::style::{Print, ResetColor};
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::Terminal;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::model::Model;
use crate::view;
pub use anchored::Anchored;

/// How the terminal was set before the screen opened.
static BEFORE: OnceLock<Termios> = OnceLock::new();
/// The terminal was asked for the mouse, and must not be left so.
static CAPTURED: AtomicBool = AtomicBool::new(false);

/// Presses and the wheel (1000), moves while a button is held (1002), in numbers without an end
/// (1006). Never each move (1003): over ssh that is a flood about nothing.
const CAPTURE: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const GIVE_BACK: &str = "\x1b[?1006l\x1b[?1002l\x1b[?1000l";

type Buffered = Terminal<Anchored<io::BufWriter<Stdout>>>;

/// The open screen; dropping it gives the terminal back.
pub struct Screen {
    terminal: Buffered,
}

impl Screen {
    pub fn enter() -> io::Result<Self> {
        // Made first: from here on every way out puts the terminal back.
        let restore = Restore;
        // Only the first time it is as the person had it.
        if let Ok(before) = tcgetattr(stdout()) {
            let _ = BEFORE.set(before);
        }
        open()?;
        let terminal = terminal()?;
        std::mem::forget(restore);
        Ok(Self { terminal })
    }

    /// Gives the terminal to another program.
    pub fn leave(&mut self) {
        restore();
    }

    /// Takes it back, and draws all of it at the next frame.
    pub fn take_back(&mut self) -> io::Result<()> {
        // What the other program asked for and did not take back.
        execute!(stdout(), DisableMouseCapture, DisableFocusChange)?;
        open()?;
        self.forget()
    }

    /// All of it is drawn at the next frame.
    pub fn forget(&mut self) -> io::Result<()> {
        execute!(stdout(), ResetColor, Clear(ClearType::All))?;
        // A new one knows that nothing stands on the screen; one that clears asks the terminal where
        // its cursor is, and not every terminal answers in time.
        self.terminal = terminal()?;
        Ok(())
    }

    /// Asks the terminal for the mouse, or gives it back, where it is otherwise.
    pub fn capture(&mut self, wanted: bool) -> io::Result<()> {
        if CAPTURED.load(Ordering::SeqCst) == wanted {
            return Ok(());
        }
        // Before the first byte of it: half of it must be taken back too.
        CAPTURED.store(true, Ordering::SeqCst);
        execute!(stdout(), Print(if wanted { CAPTURE } else { GIVE_BACK }))?;
        CAPTURED.store(wanted, Ordering::SeqCst);
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
        restore();
    }
}

fn terminal() -> io::Result<Buffered> {
    Terminal::new(Anchored::new(io::BufWriter::with_capacity(1 << 16, stdout())))
}

fn open() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide)
}

struct Restore;

impl Drop for Restore {
    fn drop(&mut self) {
        restore();
    }
}

/// Puts the terminal back.
pub fn restore() {
    // Each on its own: what can still be put back is. A terminal that is gone needs nothing.
    let _ = disable_raw_mode();
    let mut to = stdout();
    if let Some(before) = BEFORE.get() {
        // Another program may have had the terminal meanwhile, and left it in a state of its own.
        let _ = tcsetattr(&to, OptionalActions::Now, before);
    }
    if CAPTURED.swap(false, Ordering::SeqCst) {
        let _ = execute!(to, Print(GIVE_BACK));
    }
    let _ = execute!(to, DisableBracketedPaste, Show);
    let _ = execute!(to, LeaveAlternateScreen);
    let _ = to.flush();
}
