//! A terminal that can be cut off: a connection that breaks, a window that is closed, or one that
//! takes nothing any more. [`crate::Terminal`] always reads; here the test decides.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcgetattr, tcsetwinsize};

use crate::programs::GLANCE;

/// A program on a line, and our end of it.
pub struct Line {
    master: Option<File>,
    child: Child,
    read: Vec<u8>,
}

impl Line {
    /// Starts a program in a session of its own. With `controls` the line is the session's terminal:
    /// the kernel tells the program when it is gone.
    pub fn start(command: &Command, controls: bool, columns: u16, rows: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .expect("a pty can be opened");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("a pty can be unlocked");
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size).expect("a pty has a size");
        let name = ptsname(&master, Vec::new()).expect("a pty has a name");
        let other_end = || {
            let opened = open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty());
            Stdio::from(opened.expect("the other end can be opened"))
        };
        let mut session = Command::new("setsid");
        session.args(controls.then_some("--ctty")).arg("--");
        session.arg(command.get_program()).args(command.get_args()).env_clear();
        for (name, value) in command.get_envs() {
            session.env(name, value.unwrap_or_default());
        }
        let child = session.stdin(other_end()).stdout(other_end()).stderr(other_end()).spawn();
        let child = child.expect("setsid starts");
        Self { master: Some(File::from(master)), child, read: Vec::new() }
    }

    /// Reads until the program has written this text.
    pub fn wait_for(&mut self, text: &str) {
        let mut buffer = [0; 16 * 1024];
        while !String::from_utf8_lossy(&self.read).contains(text) {
            let count = self.master().read(&mut buffer).expect("the program writes");
            self.read.extend_from_slice(&buffer[..count]);
        }
    }

    pub fn send(&mut self, keys: &str) {
        self.master().write_all(keys.as_bytes()).expect("the line takes keys");
    }

    /// How the line is set.
    pub fn settings(&mut self) -> String {
        format!("{:?}", tcgetattr(self.master()).expect("the line is there"))
    }

    fn master(&mut self) -> &mut File {
        self.master.as_mut().expect("the line was not cut")
    }

    /// From now on there is nobody at this end.
    pub fn cut(&mut self) {
        self.master = None;
    }

    pub fn pid(&self) -> rustix::process::Pid {
        crate::programs::pid(self.child.id()).expect("a process has an id")
    }

    /// Waits for the program to end by itself; none when it does not in time.
    pub fn ended(&mut self, limit: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + limit;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return Some(status);
            }
            std::thread::sleep(GLANCE);
        }
        None
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
