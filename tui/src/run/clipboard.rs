//! The clipboard of the terminal, which may be at the other end of an ssh connection: the text goes
//! through the terminal itself (OSC 52). As base64 nothing in it can mean anything to the terminal.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::config::Terminal;

/// Sends a text to the clipboard.
pub fn send(text: &str, terminal: Terminal) -> io::Result<()> {
    let mut to = io::stdout().lock();
    to.write_all(sequence(text, terminal).as_bytes())?;
    to.flush()
}

fn sequence(text: &str, terminal: Terminal) -> String {
    let copy = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
    if terminal == Terminal::Tmux {
        // tmux takes one of these, by its settings: the text itself (`set-clipboard on`), or what it
        // hands on to the terminal it stands in (`allow-passthrough on`).
        format!("\x1bPtmux;{}\x1b\\{copy}", copy.replace('\x1b', "\x1b\x1b"))
    } else {
        copy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_sequence_whatever_is_in_it() {
        let hostile = "INC-204\x07\x1b]0;mine\x07\u{9b}2J\n監視";
        let sent = sequence(hostile, Terminal::Plain);
        let body = sent.strip_prefix("\x1b]52;c;").and_then(|rest| rest.strip_suffix('\x07'));
        let body = body.expect("one sequence");
        assert!(body.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b)));
        assert_eq!(STANDARD.decode(body).unwrap(), hostile.as_bytes());
    }

    #[test]
    fn tmux_hands_it_on() {
        let plain = "\x1b]52;c;SU5DLTI=\x07";
        assert_eq!(
            sequence("INC-2", Terminal::Tmux).strip_suffix(plain).unwrap(),
            "\x1bPtmux;\x1b\x1b]52;c;SU5DLTI=\x07\x1b\\"
        );
    }
}
