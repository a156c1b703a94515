//! From the terminal's events to ours.

use crossterm::event::{
    Event as Input, KeyCode as Code, KeyEvent, KeyEventKind, KeyModifiers as Modifiers,
    MouseButton, MouseEvent, MouseEventKind,
};

use crate::event::{Event, KeyCode, KeyInput, Mouse, MouseDeed};

/// None for what means nothing to us: releases, unknown keys, the mouse's other buttons.
pub fn event(input: Input) -> Option<Event> {
    match input {
        Input::Key(key) => press(key).map(Event::Key),
        Input::Paste(text) => Some(Event::Paste(text)),
        Input::Resize(columns, rows) => Some(Event::Resize(columns, rows)),
        Input::Mouse(event) => mouse(event).map(Event::Mouse),
        Input::FocusGained | Input::FocusLost => None,
    }
}

fn mouse(event: MouseEvent) -> Option<Mouse> {
    let deed = match event.kind {
        MouseEventKind::Down(MouseButton::Left) => MouseDeed::Press,
        MouseEventKind::Drag(MouseButton::Left) => MouseDeed::Drag,
        MouseEventKind::Up(MouseButton::Left) => MouseDeed::Release,
        MouseEventKind::ScrollUp => MouseDeed::WheelUp,
        MouseEventKind::ScrollDown => MouseDeed::WheelDown,
        _ => return None,
    };
    Some(Mouse { deed, column: event.column, row: event.row })
}

fn press(key: KeyEvent) -> Option<KeyInput> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let code = match key.code {
        Code::Char(c) => KeyCode::Char(c),
        Code::Enter => KeyCode::Enter,
        Code::Esc => KeyCode::Esc,
        Code::Tab | Code::BackTab => KeyCode::Tab,
        Code::Backspace => KeyCode::Backspace,
        Code::Delete => KeyCode::Delete,
        Code::Left => KeyCode::Left,
        Code::Right => KeyCode::Right,
        Code::Up => KeyCode::Up,
        Code::Down => KeyCode::Down,
        Code::Home => KeyCode::Home,
        Code::End => KeyCode::End,
        Code::PageUp => KeyCode::PageUp,
        Code::PageDown => KeyCode::PageDown,
        _ => return None,
    };
    let is_char = matches!(code, KeyCode::Char(_));
    Some(KeyInput {
        code,
        ctrl: key.modifiers.contains(Modifiers::CONTROL),
        alt: key.modifiers.contains(Modifiers::ALT),
        shift: !is_char && (key.code == Code::BackTab || key.modifiers.contains(Modifiers::SHIFT)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_say_shift_themselves_and_back_tab_is_a_tab() {
        let shifted = |code| press(KeyEvent::new(code, Modifiers::SHIFT)).unwrap();
        assert_eq!(shifted(Code::Char('G')), KeyInput::char('G'));
        let tab = KeyInput { shift: true, ..KeyInput::plain(KeyCode::Tab) };
        assert_eq!(shifted(Code::BackTab), tab);
        assert_eq!(press(KeyEvent::new(Code::BackTab, Modifiers::NONE)), Some(tab));
    }

    #[test]
    fn a_release_is_no_press() {
        let mut key = KeyEvent::new(Code::Char('q'), Modifiers::NONE);
        key.kind = KeyEventKind::Release;
        assert_eq!(press(key), None);
        key.kind = KeyEventKind::Repeat;
        assert_eq!(press(key), Some(KeyInput::char('q')));
    }
}
