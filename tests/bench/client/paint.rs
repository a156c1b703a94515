//! The peer of the client: a program that answers every key with recorded bytes, and so does nothing
//! but read a terminal and write to it.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tempfile::TempDir;
use watchfire_tests::{Terminal, terminal};

use crate::measure::Result;

const LIMIT: Duration = Duration::from_secs(30);
/// What it says when it takes keys.
const READY: &str = "ready";

/// Answers keys in turn with the bytes of these files, until the terminal goes.
pub fn serve(frames: &[PathBuf]) -> Result<ExitCode> {
    let frames: Vec<_> = frames.iter().map(std::fs::read).collect::<Result<_, _>>()?;
    let (mut keys, mut screen) = (std::io::stdin(), std::io::stdout());
    let mut raw = tcgetattr(&keys)?;
    raw.make_raw();
    tcsetattr(&keys, OptionalActions::Now, &raw)?;
    writeln!(screen, "{READY}")?;
    for frame in frames.iter().cycle() {
        if keys.read(&mut [0])? == 0 {
            break;
        }
        screen.write_all(frame)?;
        screen.flush()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// It in a terminal of its own.
pub struct Painter {
    pub terminal: Terminal,
    frames: [Vec<u8>; 2],
    next: usize,
    _folder: TempDir,
}

impl Painter {
    pub async fn start(frames: [Vec<u8>; 2], (columns, rows): (u16, u16)) -> Result<Self> {
        let folder = TempDir::new()?;
        let mut command = terminal::command(std::env::current_exe()?, folder.path());
        command.arg("serve-frames");
        for (number, frame) in frames.iter().enumerate() {
            command.arg(recorded(folder.path(), number, frame)?);
        }
        let terminal = Terminal::spawn(command, columns, rows);
        terminal.wait_for_text(READY, LIMIT).await;
        Ok(Self { terminal, frames, next: 0, _folder: folder })
    }

    /// Presses a key and waits for the last byte of the answer.
    pub async fn press(&mut self) {
        let frame = &self.frames[self.next];
        self.next = (self.next + 1) % self.frames.len();
        let end = self.terminal.bytes_written() + frame.len() as u64;
        self.terminal.send("x");
        let whole = |terminal: &Terminal| terminal.bytes_written() >= end;
        self.terminal.wait_until("the recorded bytes", LIMIT, whole).await;
    }
}

fn recorded(folder: &Path, number: usize, frame: &[u8]) -> Result<PathBuf> {
    let path = folder.join(number.to_string());
    std::fs::write(&path, frame)?;
    Ok(path)
}
