//! Keys as people write them: `r`, `ctrl-x`, `shift-tab`, `space`.

use super::ALWAYS_QUITS;
use crate::event::{KeyCode, KeyInput};

/// Reads a key by the name that the help page gives it. The error is half a sentence that follows
/// the key.
pub fn read_key(text: &str) -> Result<KeyInput, &'static str> {
    let mut key = KeyInput::char(' ');
    let mut rest = text;
    while let Some((modifier, after)) = rest.split_once('-').filter(|(_, after)| !after.is_empty())
    {
        match modifier {
            "ctrl" => key.ctrl = true,
            "alt" => key.alt = true,
            "shift" => key.shift = true,
            _ => {
                return Err("is no key: write a character, ctrl-x, alt-x, enter, pgdn or the like");
            }
        }
        rest = after;
    }
    key.code = code(rest).ok_or("is no key: write a character, ctrl-x, enter, pgdn or the like")?;
    if let KeyCode::Char(c) = key.code {
        if key.shift {
            return Err("never arrives: write the capital letter alone");
        }
        if key.ctrl {
            key.code = KeyCode::Char(c.to_ascii_lowercase());
        }
    }
    match key {
        ALWAYS_QUITS => Err("always quits and cannot be given away"),
        KeyInput { ctrl: true, code: KeyCode::Char('i'), .. } => Err("arrives as tab: write tab"),
        KeyInput { ctrl: true, code: KeyCode::Char('m'), .. } => {
            Err("arrives as enter: write enter")
        }
        KeyInput { ctrl: true, code: KeyCode::Char('['), .. } => Err("arrives as esc: write esc"),
        key => Ok(key),
    }
}

fn code(name: &str) -> Option<KeyCode> {
    Some(match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "backspace" => KeyCode::Backspace,
        "del" | "delete" => KeyCode::Delete,
        "left" | "←" => KeyCode::Left,
        "right" | "→" => KeyCode::Right,
        "up" | "↑" => KeyCode::Up,
        "down" | "↓" => KeyCode::Down,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "pgup" => KeyCode::PageUp,
        "pgdn" => KeyCode::PageDown,
        "space" => KeyCode::Char(' '),
        other => {
            let mut characters = other.chars();
            match (characters.next(), characters.next()) {
                (Some(c), None) if !c.is_control() => KeyCode::Char(c),
                _ => return None,
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keymap::{bindings, key_name};

    #[test]
    fn every_default_reads_as_the_help_page_writes_it() {
        for key in bindings().flat_map(|binding| binding.keys) {
            if *key == ALWAYS_QUITS {
                continue;
            }
            assert_eq!(read_key(&key_name(*key, true)), Ok(*key));
            assert_eq!(read_key(&key_name(*key, false)), Ok(*key));
        }
    }

    #[test]
    fn dashes_and_spaces_are_keys_too() {
        assert_eq!(read_key("-"), Ok(KeyInput::char('-')));
        assert_eq!(read_key("ctrl--"), Ok(KeyInput::ctrl('-')));
        assert_eq!(read_key("space"), Ok(KeyInput::char(' ')));
        assert_eq!(read_key("ctrl-X"), Ok(KeyInput::ctrl('x')));
        assert_eq!(read_key("監"), Ok(KeyInput::char('監')));
    }

    #[test]
    fn what_no_terminal_sends_is_refused_with_what_to_write() {
        for (text, part) in [
            ("", "is no key"),
            ("rr", "is no key"),
            ("super-x", "is no key"),
            ("ctrl-", "is no key"),
            ("\u{1b}", "is no key"),
            ("shift-a", "capital"),
            ("ctrl-i", "tab"),
            ("ctrl-m", "enter"),
            ("ctrl-[", "esc"),
            ("ctrl-c", "always quits"),
        ] {
            let refused = read_key(text).unwrap_err();
            assert!(refused.contains(part), "{text}: {refused}");
        }
    }
}
