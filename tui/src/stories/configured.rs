//! A client as its person made it.

use std::fmt::Write as _;

use super::client::Client;
use super::world::*;
use crate::action::{Action, Step};
use crate::effect::Effect;
use crate::event::{Event, KeyCode, KeyInput, Outcome};
use crate::ink::{Colour, Ink, Inks, Role};
use crate::keymap::{Keymap, Wish};
use crate::model::Look;
use crate::model::chooser::Named;
use crate::model::columns::{Column, Columns};
use crate::model::setup::{Configured, Setup};
use crate::update;
use ratatui::style::{Color, Modifier};

const RESOLVE: Action = Action::Step(Step::Resolve);

/// What a file says that changes no more than this.
pub fn read(setup: Setup) -> Configured {
    let look = Look { colour: true, unicode: true };
    Configured { setup, read_only: false, look, elsewhere: None }
}

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
    assert!(
        client.screen().contains("a z ctrl-x        investigate, resolve"),
        "{}",
        client.screen()
    );
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
    assert!(!help.contains("investigate, resolve"), "{help}");
    assert!(help.contains("N t               new incident, title"), "{help}");
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

#[test]
fn what_has_no_room_in_the_foot_stands_among_the_commands_until_it_is_mended() {
    let long = "config.toml:4: r is resolve and next-sort in one place: give one of them another \
                key, or write next-sort = \"none\"; the first one has it until then";
    let mut client = Client::with(|start| {
        start.mistakes = vec![long.to_owned(), "config.toml:9: \"rr\" is no key".to_owned()];
    })
    .connected(&incidents());
    client.press("@");
    insta::assert_snapshot!("mistakes_among_the_commands", client.screen());
    client.press("j");
    client.wait(20_000);
    assert!(!client.screen().contains("next-sort") && client.screen().contains("\"rr\""));
    update::configure(&mut client.model, Err("config.toml:2: another"), client.now);
    client.press("k");
    assert!(client.screen().contains("another") && !client.screen().contains("\"rr\""));
    update::configure(&mut client.model, Ok(read(Setup::default())), client.now);
    assert!(client.screen().contains("Nothing has been sent yet."), "{}", client.screen());
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
    let mut inks = Inks::default();
    for (role, ink) in [
        (Role::Selected, "bold on 236"),
        (Role::Bad, "#ff0000"),
        (Role::Asks, "208 underlined"),
        (Role::Plain, "bright-white"),
        (Role::Dim, "italic"),
    ] {
        inks.set(role, Ink::read(ink).expect("ink"));
    }
    let client = Client::with(|start| start.setup.inks = inks).connected(&incidents());
    insta::assert_snapshot!("styles_of_the_selected_row", styles(&client, 3));
    let mono = Client::with(|start| {
        start.setup.inks = inks;
        start.look.colour = false;
    });
    insta::assert_snapshot!("styles_without_colour", styles(&mono.connected(&incidents()), 3));
}

fn with_columns(columns: &[Column]) -> Client {
    Client::with(|start| start.setup.columns = Columns(columns.to_vec())).connected(&incidents())
}

#[test]
fn the_list_has_the_chosen_columns_in_the_chosen_order() {
    use Column as C;
    let mut client = with_columns(&[C::Reference, C::Score, C::Title, C::Status]);
    insta::assert_snapshot!("columns_chosen", client.screen());
    client.press("w");
    insta::assert_snapshot!("columns_all_on_80", client.screen());
    client.resize(140, 24);
    insta::assert_snapshot!("columns_all_on_140", client.screen());
    client.press("w");
    assert!(!client.screen().contains("SERVICE"));
}

#[test]
fn columns_leave_from_the_right_when_it_gets_narrow() {
    let mut client = Client::live();
    for width in (20..=140).rev() {
        client.resize(width, 24);
        let screen = client.screen();
        let leaving = ["SERVICE", "WHO", "ALERTS", "LOGS", "SCORE"];
        let shown: Vec<bool> = leaving.iter().map(|name| screen.contains(name)).collect();
        assert!(shown.is_sorted_by(|one, next| one >= next), "{width}: {shown:?}");
        assert!(width > 40 || !shown[0], "{width}");
    }
}

#[test]
fn who_may_only_read_is_told_so_at_every_command() {
    let mut client = Client::with(|start| start.read_only = true).connected(&incidents());
    client.take();
    for key in ["a", "r", "c", "R", "o", "m", "M", "p", "n", "N"] {
        client.press(key);
        assert_eq!(client.flash(), "Nothing done: read_only is set in config.toml", "{key}");
        assert!(client.model.overlay.is_none(), "{key}");
        client.wait(20_000);
    }
    assert!(client.sends_nothing());
    let screen = client.screen();
    assert!(screen.contains("enter open") && !screen.contains("investigate "), "{screen}");
}

#[test]
fn the_head_names_the_context_in_its_colour() {
    let ink = Ink::of(Colour::Named(1));
    let client = Client::with(|start| start.context = Some(("prod".to_owned(), ink)));
    let client = client.connected(&incidents());
    let head = client.screen().lines().next().expect("a head").to_owned();
    assert!(head.ends_with("dana @ prod"), "{head}");
    let buffer = client.buffer();
    assert_eq!((buffer[(75, 0)].symbol(), buffer[(75, 0)].fg), ("p", Color::Red));
    assert!(buffer[(75, 0)].modifier.contains(Modifier::BOLD));
    assert_ne!(buffer[(70, 0)].fg, Color::Red, "the person is nobody's context");
    let mut narrow = Client::with(|start| {
        start.context = Some(("prod".to_owned(), ink));
        start.read_only = true;
        start.look.colour = false;
    });
    let buffer = narrow.buffer();
    assert_eq!((buffer[(75, 0)].symbol(), buffer[(75, 0)].fg), ("p", Color::Reset));
    assert!(narrow.screen().contains("read-only prod"), "{}", narrow.screen());
    narrow.resize(30, 10);
    assert!(narrow.screen().lines().next().is_some_and(|head| head.contains("prod")));
}

#[test]
fn a_file_that_changes_while_one_works_is_in_force_at_once() {
    let mut client = Client::live();
    client.press("c");
    client.model.take_dirty();
    let keys = vec![KeyInput::char('z')];
    let (keymap, _) = Keymap::new(&[Wish { action: RESOLVE, keys }]);
    let columns = Columns(vec![Column::Reference, Column::Title]);
    let setup = Setup { keymap, columns, ..Setup::default() };
    update::configure(&mut client.model, Ok(read(setup)), client.now);
    assert!(client.model.take_dirty());
    assert_eq!(client.flash(), "config.toml is in force");
    client.press("j");
    assert!(client.screen().contains("z resolve"), "{}", client.screen());
    assert!(!client.screen().contains("SERVICE"));
    client.wait(6_000);
    assert_eq!(client.flash(), "", "it goes by itself");
}

#[test]
fn a_mistake_made_while_one_works_changes_nothing_and_is_told() {
    let mut client = with_keys(&[(RESOLVE, &[KeyInput::char('z')])]);
    let told = "config.toml:2: wrong\nconfig.toml:3: too";
    update::configure(&mut client.model, Err(told), client.now);
    let flash = "Nothing changed: config.toml:2: wrong; 1 more: `watchfire config check`";
    assert_eq!(client.flash(), flash);
    client.wait(20_000);
    client.press("j");
    assert!(client.screen().contains("z resolve"));
}

#[test]
fn read_only_bites_at_once_also_over_an_open_form_and_ends_at_once() {
    for (keys, text) in [("n", "rolled back"), ("t", " more"), ("N", "New"), ("p", ""), ("A", "")] {
        let mut client = Client::live();
        client.press(keys);
        client.answer_all(usual);
        client.type_text(text);
        let careful = Configured { read_only: true, ..read(Setup::default()) };
        update::configure(&mut client.model, Ok(careful), client.now);
        assert!(client.flash().ends_with("nothing can be changed from here any more"));
        assert!(client.screen().contains("read-only"), "{}", client.screen());
        client.take();
        client.press("down enter");
        assert!(client.sends_nothing(), "{keys}");
        assert_eq!(client.flash(), "Nothing done: read_only is set in config.toml", "{keys}");
        assert!(client.screen().contains(text.trim()), "{keys}: what was typed stays");
        update::configure(&mut client.model, Ok(read(Setup::default())), client.now);
        assert!(client.flash().ends_with("changes are allowed again"), "{}", client.flash());
        client.press("enter");
        assert!(!client.sends_nothing(), "{keys}: {}", client.screen());
    }
}

#[test]
fn what_the_editor_brings_into_a_client_that_may_only_read_stays_a_draft() {
    let mut client = Client::live();
    client.press("e");
    let written = client.take().into_iter().find_map(|effect| match effect {
        Effect::Write { request, text, .. } => Some((request, text)),
        _ => None,
    });
    let (request, text) = written.expect("the editor");
    let careful = Configured { read_only: true, ..read(Setup::default()) };
    update::configure(&mut client.model, Ok(careful), client.now);
    let text = format!("by hand\n{text}");
    client.done(request, Outcome::Written { text, trouble: None });
    assert!(client.sends_nothing());
    assert!(client.flash().contains("draft of INC-204 kept"), "{}", client.flash());
    assert_eq!(client.model.drafts[&id(204)].trim(), "by hand");
}

#[test]
fn colour_and_ascii_are_in_force_at_once() {
    let mut client = Client::live();
    let look = Look { colour: false, unicode: false };
    update::configure(
        &mut client.model,
        Ok(Configured { look, ..read(Setup::default()) }),
        client.now,
    );
    for cell in client.buffer().content() {
        assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
        assert!(cell.symbol().is_ascii(), "{:?}", cell.symbol());
    }
}

#[test]
fn another_address_is_said_and_gone_to_by_a_key_alone() {
    let mut client = Client::live();
    let elsewhere = Some("west.example".to_owned());
    let moved = Configured { elsewhere, ..read(Setup::default()) };
    update::configure(&mut client.model, Ok(moved.clone()), client.now);
    let flash = "config.toml leads to west.example now; this stays local until the next start";
    assert_eq!(client.flash(), flash);
    let named = |name: &str| Named {
        context: Some(name.to_owned()),
        ink: Ink::default(),
        address: "west.example".to_owned(),
    };
    let contexts = vec![named("west"), named("east")];
    let setup = Setup { contexts, ..Setup::default() };
    update::configure(&mut client.model, Ok(Configured { setup, ..moved }), client.now);
    assert!(client.flash().ends_with("until :ctx"), "{}", client.flash());
    assert!(client.take().iter().all(|effect| !matches!(effect, Effect::Go(_))));
}
