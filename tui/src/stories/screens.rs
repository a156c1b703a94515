//! What the screens look like, and that they can be drawn at any size.

use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use super::client::Client;
use super::world::*;
use crate::keymap::{Context, Group, bindings, key_name};
use crate::model::Look;

/// The help page from top to bottom, as it is read.
fn help_page(client: &mut Client) -> String {
    client.press("?");
    let mut page = client.screen();
    for _ in 0..bindings().count() {
        client.press("j");
        page.push_str(&client.screen());
    }
    client.press("g ?");
    page
}

#[test]
fn help_lists_every_binding_whatever_it_was_opened_from() {
    for keys in ["j", "enter", "enter [", "4", "3", "5", "6", "7", "@"] {
        let mut client = Client::live();
        client.press(keys);
        let page = help_page(&mut client);
        for binding in bindings() {
            for key in binding.keys {
                let name = key_name(*key, true);
                assert!(page.contains(&name), "{name} of {binding:?}\n{page}");
            }
            assert!(page.contains(binding.help), "{binding:?}\n{page}");
        }
        for group in Group::ALL {
            assert!(page.contains(group.title()));
        }
        let cut = page.lines().find(|line| line.contains('…'));
        assert_eq!(cut, None);
    }
}

#[test]
fn the_keys_of_the_view_come_first_and_fit_80_by_24() {
    for keys in ["j", "enter", "enter [", "4", "3", "5", "6", "7"] {
        let mut client = Client::live();
        client.press(keys);
        let here = client.model.context();
        client.press("?");
        let screen = client.screen();
        let first = screen.split(" Elsewhere").next().unwrap_or_default();
        for binding in bindings().filter(|binding| binding.works_in(here)) {
            assert!(first.contains(binding.help), "{binding:?} in {here:?}\n{screen}");
        }
        // And no key that does nothing there.
        let other = if here == Context::Events { "investigate it" } else { "redrive" };
        assert!(!first.contains(other), "{here:?}\n{screen}");
    }
}

#[test]
fn help_scrolls_to_its_end_and_no_further() {
    let mut client = Client::live();
    client.resize(40, 12);
    client.press("?");
    assert!(!client.screen().contains("cut to start"));
    client.press("G");
    let end = client.screen();
    assert!(end.contains("to end"), "{end}");
    client.press("j j");
    assert_eq!(client.screen(), end);
    client.press("k");
    assert_ne!(client.screen(), end, "one key up moves at once");
    client.press("g");
    assert!(client.screen().contains("investigate"));
}

#[test]
fn without_colour_nothing_is_coloured_and_without_utf8_all_is_ascii() {
    let mut client = Client::with(|start| {
        start.look = Look { colour: false, unicode: false };
    })
    .connected(&incidents());
    for keys in ["j", "enter", "tab", "tab", "tab", "4", "3", "5", "6", "7", "?", "esc", "1", "N"] {
        client.press(keys);
        client.answer_all(usual);
        let buffer = client.buffer();
        for cell in buffer.content() {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
            assert!(cell.symbol().is_ascii(), "{:?}", cell.symbol());
        }
    }
}

#[test]
fn the_selected_row_is_marked_without_colour_too() {
    let client = Client::with(|start| start.look.colour = false).connected(&incidents());
    let buffer = client.buffer();
    assert_eq!(buffer[(0, 3)].symbol(), "▌");
    assert!(buffer[(12, 3)].modifier.contains(Modifier::BOLD));
    assert!(!buffer[(12, 4)].modifier.contains(Modifier::BOLD));
}

#[test]
fn red_is_for_critical_and_failure_only() {
    let mut quiet = incidents();
    for incident in &mut quiet {
        incident.firing_alerts = 0;
        incident.priority = incident.priority.min(watchfire_shared::incident::Priority::High);
    }
    let client = Client::live().connected(&quiet);
    let buffer = client.buffer();
    // The head counts two critical ones.
    let red = buffer.content().iter().skip(80).filter(|cell| cell.fg == Color::Red);
    assert_eq!(red.count(), 0);
}

#[test]
fn hostile_text_shows_as_text() {
    let mut rows = incidents();
    rows[0].title = "\u{1b}[31mred\u{202e}\r\u{9b}2J".to_owned();
    let mut client = Client::new().connected(&rows);
    client.resize(120, 24);
    let screen = client.screen();
    assert!(screen.contains("␛[31mred\\u{202e}␍\\u{9b}2J"), "{screen}");
}

#[test]
fn every_line_is_as_wide_as_the_screen() {
    let mut client = Client::live();
    for (width, height) in [(80, 24), (60, 20), (200, 60)] {
        client.resize(width, height);
        let buffer = client.buffer();
        for y in 0..height {
            let mut x = 0;
            while x < width {
                let columns = buffer[(x, y)].symbol().width().max(1);
                x += u16::try_from(columns).expect("narrow");
            }
            assert_eq!(x, width, "line {y}");
        }
    }
}
