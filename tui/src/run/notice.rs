//! The bell, and notifications that the terminal shows on its desktop. What they say passes `SafeText`:
//! nothing in it can end the sequence.

use std::io::{self, Write};

use crate::config::Terminal;
use crate::model::notify::{Desktop, Notify};
use crate::safe::SafeText;

/// Columns of a notification.
const WIDTH: usize = 120;

pub fn send(notify: Notify, text: &str, terminal: Terminal, utf8: bool) -> io::Result<()> {
    let mut to = io::stdout().lock();
    to.write_all(sequence(notify, text, terminal, utf8).as_bytes())?;
    to.flush()
}

fn sequence(notify: Notify, text: &str, terminal: Terminal, utf8: bool) -> String {
    let bell = if notify.bell { "\x07" } else { "" };
    let safe = SafeText::clipped(text, WIDTH);
    let safe = if utf8 { safe } else { safe.ascii() };
    // It begins with a letter: some terminals take a number there for something else.
    let shown = match notify.desktop {
        None => String::new(),
        Some(Desktop::Osc9) => format!("\x1b]9;watchfire: {}\x07", safe.as_str()),
        Some(Desktop::Osc777) => format!("\x1b]777;notify;watchfire;{}\x07", safe.as_str()),
    };
    match terminal {
        Terminal::Tmux if !shown.is_empty() => {
            // tmux hands it on (`allow-passthrough on`); the bell it takes itself.
            format!("{bell}\x1bPtmux;{}\x1b\\", shown.replace('\x1b', "\x1b\x1b"))
        }
        _ => format!("{bell}{shown}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "INC-1 is critical: \x07\x1b]0;mine\x07\u{9b}2J\n監視";

    fn say(bell: bool, desktop: Option<Desktop>, terminal: Terminal) -> String {
        sequence(Notify { bell, desktop }, HOSTILE, terminal, true)
    }

    #[test]
    fn a_notice_is_one_sequence_whatever_is_in_it() {
        for (desktop, start) in
            [(Desktop::Osc9, "\x1b]9;watchfire: "), (Desktop::Osc777, "\x1b]777;notify;watchfire;")]
        {
            let said = say(false, Some(desktop), Terminal::Plain);
            let body = said.strip_prefix(start).and_then(|rest| rest.strip_suffix('\x07'));
            let body = body.expect("one sequence");
            assert!(!body.chars().any(char::is_control), "{body:?}");
            assert!(body.contains("INC-1 is critical") && body.contains("監視"), "{body}");
        }
        assert_eq!(say(true, None, Terminal::Plain), "\x07");
        let plain = sequence(
            Notify { bell: false, desktop: Some(Desktop::Osc9) },
            HOSTILE,
            Terminal::Plain,
            false,
        );
        assert!(plain.is_ascii(), "{plain:?}");
    }

    #[test]
    fn tmux_hands_it_on_and_rings_itself() {
        let said = say(true, Some(Desktop::Osc9), Terminal::Tmux);
        let inner =
            said.strip_prefix("\x07\x1bPtmux;").and_then(|rest| rest.strip_suffix("\x1b\\"));
        let inner = inner.expect("wrapped").replace("\x1b\x1b", "\x1b");
        assert_eq!(inner, say(false, Some(Desktop::Osc9), Terminal::Plain));
        assert_eq!(say(true, None, Terminal::Tmux), "\x07");
    }
}
