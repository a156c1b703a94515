//! A program in a real terminal: a pty on one side, an emulator that knows what stands on the
//! screen on the other.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portable_pty::{CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::programs;
use crate::written::Written;

/// What the program has written so far, and how it ended.
struct Display {
    parser: vt100::Parser,
    written: Written,
    ended: Option<ExitStatus>,
}

/// A running program and its screen; killed with this value.
pub struct Terminal {
    display: Arc<Mutex<Display>>,
    /// Counts what happened to the display, so that waiting is not polling.
    changes: watch::Receiver<u64>,
    keyboard: Box<dyn Write + Send>,
    master: Box<dyn MasterPty + Send>,
    /// How the line was set before the program.
    settings_before: String,
    pid: Pid,
}

/// A command for [`Terminal::spawn`], in the environment of [`programs::environment`].
pub fn command(program: impl AsRef<std::ffi::OsStr>, home: &Path) -> CommandBuilder {
    let mut command = CommandBuilder::new(program);
    command.env_clear();
    for (name, value) in programs::environment(home) {
        command.env(name, value);
    }
    command.env("TERM", "xterm-256color");
    command.cwd(home);
    command
}

fn lock(display: &Mutex<Display>) -> MutexGuard<'_, Display> {
    display.lock().unwrap_or_else(PoisonError::into_inner)
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a terminal has rows and columns")
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

impl Terminal {
    pub fn spawn(command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let pty = native_pty_system().openpty(size(columns, rows)).expect("a pty can be opened");
        let settings_before = format!("{:?}", pty.master.get_termios());
        let mut child = pty.slave.spawn_command(command).expect("the program starts in the pty");
        // The reader sees the end only once nobody here holds the program's side open.
        drop(pty.slave);
        let mut output = pty.master.try_clone_reader().expect("a pty can be read");
        let keyboard = pty.master.take_writer().expect("a pty can be written to");
        let display = Arc::new(Mutex::new(Display {
            parser: vt100::Parser::new(cells(rows), cells(columns), 0),
            written: Written::default(),
            ended: None,
        }));
        let (announce, changes) = watch::channel(0);
        let terminal = Self {
            display: Arc::clone(&display),
            changes,
            keyboard,
            master: pty.master,
            settings_before,
            pid: child.process_id().and_then(programs::pid).expect("the program has just started"),
        };
        std::thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            // Linux reports the end of a pty as an error.
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                let mut display = lock(&display);
                display.parser.process(&buffer[..count]);
                display.written.take(&buffer[..count]);
                drop(display);
                announce.send_modify(|changes| *changes += 1);
            }
            lock(&display).ended = child.wait().ok();
            announce.send_modify(|changes| *changes += 1);
        });
        terminal
    }

    /// Types keys as a terminal sends them: `\r` is enter, `\x1b` escape, `\x04` ctrl-d.
    pub fn send(&mut self, keys: &str) {
        self.keyboard
            .write_all(keys.as_bytes())
            .and_then(|()| self.keyboard.flush())
            .expect("the terminal takes keys");
    }

    /// What stands on the screen, line by line, without trailing blanks.
    pub fn text(&self) -> String {
        self.screen(vt100::Screen::contents)
    }

    /// Looks at the screen with its colours, cursor and modes.
    pub fn screen<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(lock(&self.display).parser.screen())
    }

    /// Bytes the program has written since its start.
    pub fn bytes_written(&self) -> u64 {
        self.written(Written::bytes)
    }

    /// Looks at what the program has written since its start.
    pub fn written<T>(&self, look: impl FnOnce(&Written) -> T) -> T {
        look(&lock(&self.display).written)
    }

    /// The program was asked for the mouse: it may ask the terminal for it.
    pub fn allow_mouse(&self) {
        lock(&self.display).written.allow_mouse();
    }

    /// Keeps the bytes that the program writes from now on.
    pub fn keep(&self) {
        lock(&self.display).written.keep();
    }

    /// How the line is set: echo, signals, line breaks, control characters.
    pub fn settings(&self) -> String {
        format!("{:?}", self.master.get_termios())
    }

    /// How it was set before the program started.
    pub fn settings_before(&self) -> &str {
        &self.settings_before
    }

    /// The program.
    pub const fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits until the text of the screen is as wanted; shows the screen when it never is.
    pub async fn wait_for(&self, what: &str, limit: Duration, wanted: impl Fn(&str) -> bool) {
        self.wait(limit, what, |terminal| wanted(&terminal.text()).then_some(())).await;
    }

    /// Waits until a text stands on the screen.
    pub async fn wait_for_text(&self, text: &str, limit: Duration) {
        self.wait_for(text, limit, |screen| screen.contains(text)).await;
    }

    /// Waits until something is so.
    pub async fn wait_until(&self, what: &str, limit: Duration, so: impl Fn(&Self) -> bool) {
        self.wait(limit, what, |terminal| so(terminal).then_some(())).await;
    }

    /// Waits until the program has written nothing for so long.
    pub async fn quiet(&self, time: Duration) {
        let mut changes = self.changes.clone();
        while let Ok(Ok(())) = timeout(time, changes.changed()).await {}
    }

    /// Waits for the program to end by itself.
    pub async fn ended(&self, limit: Duration) -> ExitStatus {
        self.wait(limit, "the end of the program", |terminal| lock(&terminal.display).ended.clone())
            .await
    }

    async fn wait<T>(&self, limit: Duration, what: &str, look: impl Fn(&Self) -> Option<T>) -> T {
        let mut changes = self.changes.clone();
        let wait = async {
            loop {
                // Seen before the look, so that a change during it is not slept through.
                changes.mark_unchanged();
                if let Some(found) = look(self) {
                    return Some(found);
                }
                if changes.changed().await.is_err() {
                    return look(self);
                }
            }
        };
        timeout(limit, wait)
            .await
            .unwrap_or_else(|_| panic!("no {what:?} within {limit:?} on:\n{}", self.text()))
            .unwrap_or_else(|| panic!("the program ended without {what:?}:\n{}", self.text()))
    }

    /// Changes the size of the window. One without rows or columns is drawn on a single cell.
    pub fn resize(&self, columns: u16, rows: u16) {
        lock(&self.display).parser.set_size(cells(rows.max(1)), cells(columns.max(1)));
        self.master.resize(size(columns, rows)).expect("a pty can be resized");
    }

    /// Sends the program a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).expect("the program can be signalled");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the screen:\n{}", self.text());
        }
        if lock(&self.display).ended.is_none() {
            // It may end by itself at this moment.
            let _ = kill_process(self.pid, Signal::KILL);
        }
    }
}
