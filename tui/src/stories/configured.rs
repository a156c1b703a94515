//! A client as its person made it.

use std::fmt::Write as _;

use super::client::Client;
use super::world::*;
use crate::action::{Action, Step};
use crate::effect::Effect;
use crate::event::{Event, KeyCode, KeyInput};
use crate::keymap::{Keymap, Wish};
use crate::palette::{Ink, Palette, Role};

const RESOLVE: Action = Action::Step(Step::Resolve);

/// Live, with other keys.
fn with_keys(wishes: &[(Action, &[KeyInput])]) -> Client {
    let wishes: Vec<Wish> =
        wishes.iter().map(|(action, keys)| Wish { action: *action, keys: keys.to_vec() }).collect();
    let (keymap, objections) = Keymap::new(&wishes);
    assert_eq!(objections, []);
    Client::with(|start| start.setup.keymap = keymap).connected(&incidents())
}

#[test]
fn another_key_does_it_the_old_one_does_not_and_help_and_foot_say_so() {
    let mut client = with_keys(&[(RESOLVE, &[KeyInput::char('z'), KeyInput::ctrl('x')])]);
    client.press("j");
    assert!(client.screen().contains("z resolve"), "{}", client.screen());
    client.take();
    client.press("r");
    assert!(client.sends_nothing());
    client.press("ctrl-x");
    client.command();
    client.press("?");
    assert!(client.screen().contains("z ctrl-x          resolve it"), "{}", client.screen());
}

#[test]
fn what_has_no_key_is_not_offered() {
    let mut client = with_keys(&[(RESOLVE, &[]), (Action::Comment, &[])]);
    client.press("j");
    let foot = client.screen();
    assert!(!foot.contains("resolve ") && !foot.contains("comment"), "{foot}");
    client.press("a");
    assert!(client.flash().contains("INC-203 is investigating already"), "{}", client.flash());
    client.press("c");
    assert_eq!(client.flash(), "INC-203 is investigating: resolve · o hand back");
    client.press("?");
    let help = client.screen();
    assert!(!help.contains("resolve it"), "{help}");
    assert!(help.contains("N                 new incident"), "{help}");
}

#[test]
fn a_key_of_ones_own_is_still_text_in_a_text_field() {
    let (h, esc) = (KeyInput::char('h'), KeyInput::plain(KeyCode::Esc));
    let mut client = with_keys(&[(Action::Back, &[h, esc])]);
    client.press("n");
    client.type_text("hhh");
    assert!(client.screen().contains("hhh"), "{}", client.screen());
    client.press("esc");
    client.press("enter");
    assert!(client.model.is_open(id(204)));
    client.press("h");
    assert!(!client.model.is_open(id(204)));
}

#[test]
fn ctrl_c_quits_a_client_that_has_no_other_way() {
    let mut client = with_keys(&[(Action::Quit, &[])]);
    client.press("q");
    assert!(!client.take().contains(&Effect::Quit));
    client.event(Event::Key(KeyInput::ctrl('c')));
    assert!(client.take().contains(&Effect::Quit));
}

#[test]
fn mistakes_of_the_file_are_told_at_the_start() {
    let client = Client::with(|start| {
        start.mistakes = vec!["config.toml:4: \"rr\" is no key".to_owned(), "other".to_owned()];
    });
    assert_eq!(client.flash(), "config.toml:4: \"rr\" is no key; 1 more: `watchfire config check`");
}

/// The colours and marks of a line: `x..y fg/bg marks`, where they change.
fn styles(client: &Client, row: u16) -> String {
    let buffer = client.buffer();
    let mut out = String::new();
    let mut before = None;
    for x in 0..buffer.area.width {
        let cell = &buffer[(x, row)];
        let look = (cell.fg, cell.bg, cell.modifier);
        if before.replace(look) != Some(look) {
            let _ = writeln!(out, "{x:>2} {} on {} {:?}", cell.fg, cell.bg, cell.modifier);
        }
    }
    out
}

#[test]
fn a_theme_gives_every_role_its_colours() {
    let mut palette = Palette::default();
    for (role, ink) in [
        (Role::Selected, "bold on 236"),
        (Role::Bad, "#ff0000"),
        (Role::Asks, "208 underlined"),
        (Role::Plain, "bright-white"),
        (Role::Dim, "italic"),
    ] {
        palette.set(role, Ink::read(ink).expect("ink"));
    }
    let client = Client::with(|start| start.setup.palette = palette).connected(&incidents());
    insta::assert_snapshot!("styles_of_the_selected_row", styles(&client, 3));
    let mono = Client::with(|start| {
        start.setup.palette = palette;
        start.look.colour = false;
    });
    insta::assert_snapshot!("styles_without_colour", styles(&mono.connected(&incidents()), 3));
}
