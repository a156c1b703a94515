//! Every byte that a program writes to its terminal, told apart: text, and the sequences that our
//! programs may use. Whatever else there is was not ours.

use std::collections::BTreeMap;

use vte::{Params, Parser, Perform};

/// What is told of things that should not be there.
const TOLD: usize = 20;
/// Modes (DECSET) that are on where nothing was asked for: the visible cursor.
const USUALLY_ON: [u16; 1] = [25];
/// Modes that a program of ours may switch: the cursor, the alternate screen, pasted text, and, only
/// to switch them off, the mouse and the focus.
const SWITCHED: [u16; 9] = [25, 1000, 1002, 1003, 1004, 1006, 1015, 1049, 2004];
const ONLY_OFF: [u16; 6] = [1000, 1002, 1003, 1004, 1006, 1015];
/// What may be on where the mouse was asked for: never a report of each move.
const MOUSE: [u16; 3] = [1000, 1002, 1006];

/// What a program has written so far.
#[derive(Default)]
pub struct Written {
    parser: Parser,
    seen: Seen,
}

#[derive(Default)]
struct Seen {
    bytes: u64,
    modes: BTreeMap<u16, bool>,
    clipboard: Vec<Vec<u8>>,
    bells: u64,
    strange: Vec<String>,
    kept: bool,
    raw: Vec<u8>,
    mouse: bool,
}

impl Written {
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        self.seen.bytes += bytes.len() as u64;
        if self.seen.kept {
            self.seen.raw.extend_from_slice(bytes);
        }
        self.parser.advance(&mut self.seen, bytes);
    }

    /// How many bytes.
    pub const fn bytes(&self) -> u64 {
        self.seen.bytes
    }

    /// The mouse was asked for: its modes may be on.
    pub const fn allow_mouse(&mut self) {
        self.seen.mouse = true;
    }

    /// Keeps the bytes from now on.
    pub fn keep(&mut self) {
        self.seen.kept = true;
        self.seen.raw.clear();
    }

    /// The bytes since [`Self::keep`].
    pub fn raw(&self) -> &[u8] {
        &self.seen.raw
    }

    /// The modes that are not as they usually are.
    pub fn unusual_modes(&self) -> Vec<(u16, bool)> {
        let unusual = |(mode, on): &(&u16, &bool)| USUALLY_ON.contains(mode) != **on;
        self.seen.modes.iter().filter(unusual).map(|(mode, on)| (*mode, *on)).collect()
    }

    /// Whether a mode was ever switched, on or off.
    pub fn has_switched(&self, mode: u16) -> bool {
        self.seen.modes.contains_key(&mode)
    }

    /// What was sent to the clipboard, in base64.
    pub fn clipboard(&self) -> &[Vec<u8>] {
        &self.seen.clipboard
    }

    pub const fn bells(&self) -> u64 {
        self.seen.bells
    }

    /// Everything that no program of ours may write.
    pub fn strange(&self) -> &[String] {
        &self.seen.strange
    }
}

impl Seen {
    fn strange(&mut self, what: String) {
        if self.strange.len() < TOLD {
            self.strange.push(what);
        }
    }

    fn switch(&mut self, params: &Params, on: bool) {
        for mode in params.iter().flatten() {
            let mouse = self.mouse && MOUSE.contains(mode);
            if !SWITCHED.contains(mode) || (on && ONLY_OFF.contains(mode) && !mouse) {
                self.strange(format!("mode {mode} {on}"));
            }
            self.modes.insert(*mode, on);
        }
    }
}

/// Controls and whatever turns, hides or joins text.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}')
}

impl Perform for Seen {
    fn print(&mut self, c: char) {
        if is_harmful(c) {
            self.strange(format!("text {c:?}"));
        }
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\r' | b'\n' => {}
            0x07 => self.bells += 1,
            _ => self.strange(format!("control {byte:#04x}")),
        }
    }

    fn hook(&mut self, _: &Params, _: &[u8], _: bool, action: char) {
        self.strange(format!("DCS {action}"));
    }

    fn osc_dispatch(&mut self, params: &[&[u8]], _: bool) {
        if let [b"52", b"c", text] = params {
            self.clipboard.push(text.to_vec());
        } else {
            let words: Vec<_> = params.iter().map(|word| String::from_utf8_lossy(word)).collect();
            self.strange(format!("OSC {words:?}"));
        }
    }

    fn csi_dispatch(&mut self, params: &Params, between: &[u8], ignored: bool, action: char) {
        match (between, action) {
            (b"?", 'h') if !ignored => self.switch(params, true),
            (b"?", 'l') if !ignored => self.switch(params, false),
            // Colours, a place, clearing.
            (b"", 'm' | 'H' | 'J') if !ignored => {}
            _ => {
                let numbers: Vec<_> = params.iter().map(<[u16]>::to_vec).collect();
                self.strange(format!("CSI {between:?} {numbers:?} {action}"));
            }
        }
    }

    fn esc_dispatch(&mut self, between: &[u8], _: bool, byte: u8) {
        // The end of a string that began with another sequence.
        if (between, byte) != (b"", b'\\') {
            self.strange(format!("ESC {between:?} {byte:#04x}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(bytes: &[u8]) -> Written {
        let mut written = Written::default();
        written.take(bytes);
        written
    }

    #[test]
    fn our_own_sequences_are_known() {
        let ours =
            written("\x1b[?1049h\x1b[?25l\x1b[2J\x1b[3;4H\x1b[38;5;4mtext 監視\r\n".as_bytes());
        assert_eq!(ours.strange(), [""; 0]);
        assert_eq!(ours.unusual_modes(), [(25, false), (1049, true)]);
        let copied = written(b"\x1b]52;c;SU5D\x07");
        assert_eq!((copied.clipboard(), copied.strange()), (&[b"SU5D".to_vec()][..], &[][..]));
    }

    #[test]
    fn the_mouse_is_strange_until_it_was_asked_for_and_each_move_always() {
        let mut asked = Written::default();
        asked.allow_mouse();
        asked.take(b"\x1b[?1000h\x1b[?1002h\x1b[?1006h");
        assert_eq!(asked.strange(), [""; 0]);
        assert_eq!(asked.unusual_modes(), [(1000, true), (1002, true), (1006, true)]);
        asked.take(b"\x1b[?1003h");
        assert_eq!(asked.strange(), ["mode 1003 true"]);
    }

    #[test]
    fn everything_else_is_strange() {
        for strange in [
            "\x1b]0;title\x07",
            "\x1b]52;c;?\x1b[6n",
            "\x1b[?1000h",
            "\x1bP+q544e\x1b\\",
            "\x1b[5n",
            "\x1b[1;5r",
            "\x1bc",
            "\u{9b}2J",
            "\u{202e}",
            "\x08",
            "\t",
            "\x1b(0",
        ] {
            assert_ne!(written(strange.as_bytes()).strange(), [""; 0], "{strange:?}");
        }
    }
}
