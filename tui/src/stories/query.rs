//! The query bar while it is typed in, and leaving views.

use super::client::Client;
use super::list::{asks_list, list_load};
use super::world::*;
use crate::effect::{Effect, Load};
use crate::model::Screen;
use crate::model::query::DEFAULT_QUERY;

fn answered(client: &mut Client) {
    client.answer_all(|load| match load {
        Load::Incidents { .. } => Some(page(incidents())),
        other => usual(other),
    });
}

#[test]
fn results_come_while_one_types() {
    let mut client = Client::live();
    client.press("/");
    client.press("ctrl-u");
    client.type_text("service:checkout");
    assert!(!asks_list(&mut client), "not with every letter");
    client.wait(200);
    let (_, filter, ..) = list_load(&mut client);
    assert_eq!(filter, "service:checkout");
    assert!(client.model.list.query.editing, "the bar stays open");
    client.wait(1_000);
    assert!(!asks_list(&mut client), "once");
}

#[test]
fn what_cannot_be_read_yet_shows_what_was_shown() {
    let mut client = Client::live();
    client.press("/");
    client.press("ctrl-u");
    client.type_text("priority:>=");
    client.wait(1_000);
    assert!(!asks_list(&mut client));
    assert_eq!(client.model.list.query.applied, DEFAULT_QUERY);
    assert!(client.model.list.query.mistake.is_some());
}

#[test]
fn esc_goes_back_to_what_was_shown_before_the_bar_was_opened() {
    let mut client = Client::live();
    client.press("/");
    client.press("ctrl-u");
    client.type_text("zebra");
    client.wait(200);
    answered(&mut client);
    assert_eq!(client.model.list.query.applied, "zebra");
    client.press("esc");
    let (_, filter, ..) = list_load(&mut client);
    assert_eq!(filter, DEFAULT_QUERY);
    assert_eq!(client.model.list.query.field.text(), DEFAULT_QUERY);
    client.press("/");
    client.press("esc");
    assert!(!asks_list(&mut client), "nothing was changed");
}

#[test]
fn up_and_down_go_through_what_was_asked() {
    let mut client = Client::live();
    for query in ["one", "two", "one"] {
        client.press("/");
        client.press("ctrl-u");
        client.type_text(query);
        client.press("enter");
        answered(&mut client);
    }
    client.press("/");
    let mut seen = Vec::new();
    for key in ["up", "up", "up", "down", "down"] {
        client.press(key);
        seen.push(client.model.list.query.field.text().to_owned());
    }
    assert_eq!(seen, ["one", "two", "two", "one", ""], "each once, the latest first");
}

#[test]
fn q_leaves_one_view_and_ends_the_program_from_the_list_alone() {
    for keys in ["enter", "?", "@", "4", "5", "enter ]"] {
        let mut client = Client::live();
        for key in keys.split(' ') {
            client.press(key);
        }
        client.take();
        client.press("q");
        assert!(!client.take().contains(&Effect::Quit), "{keys}: it ended");
        assert!(client.model.overlay.is_none());
        assert_eq!(client.model.screen, Screen::Incidents, "{keys}");
        client.press("q");
        assert!(client.take().contains(&Effect::Quit), "{keys}");
    }
}
