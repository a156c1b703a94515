//! The clipboard, and the incident as JSON.

use watchfire_shared::incident::{Incident, Status};

use super::client::Client;
use super::world::*;
use crate::effect::{Effect, Load};
use crate::event::Outcome;
use crate::keymap::Context;
use crate::model::copy::COPY_MAX;

/// The one text that went to the clipboard.
fn copied(client: &mut Client) -> String {
    let mut copied: Vec<String> = client
        .take()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Copy(text) => Some(text),
            _ => None,
        })
        .collect();
    assert_eq!(copied.len(), 1, "{copied:?}");
    copied.remove(0)
}

#[test]
fn the_reference_takes_two_keys_and_nothing_is_promised() {
    let mut client = Client::live();
    client.press("y enter");
    assert_eq!(copied(&mut client), "INC-204");
    assert_eq!(client.flash(), "INC-204 reference sent to the clipboard of your terminal, 7 bytes");
    assert_eq!(client.model.context(), Context::List);
    let mut client = Client::with(|start| start.in_tmux = true).connected(&incidents());
    client.press("y enter");
    let said = client.flash();
    assert!(said.contains("sent to the clipboard through tmux (with set-clipboard or"), "{said}");
}

#[test]
fn a_link_a_title_and_json_are_further_down() {
    let mut client = Client::live();
    client.press("j y j enter");
    assert_eq!(copied(&mut client), "http://127.0.0.1:4911/v1/incidents/INC-203");
    client.press("y j j enter");
    assert_eq!(copied(&mut client), incidents()[1].title);
    client.press("y");
    client.answer_all(usual);
    client.press("G enter");
    let json: Incident = serde_json::from_str(&copied(&mut client)).expect("an incident");
    assert_eq!(json.reference.0, 203);
    assert!(json.description.is_some(), "it was read for that");
}

#[test]
fn the_lowest_visible_log_line_where_there_is_one() {
    let mut client = Client::opened();
    client.press("y");
    assert!(!client.screen().contains("log line "), "no log pane, no line");
    client.press("esc [ k k y j j j enter");
    let line = copied(&mut client);
    assert!(line.ends_with("info api pool exhausted (20 of 20)"), "{line}");
}

#[test]
fn the_row_that_moved_under_the_chooser_is_not_copied() {
    let mut client = Client::live();
    client.press("j y");
    client.stream(created_event(Incident {
        id: id(900),
        reference: watchfire_shared::ids::Reference(900),
        ..incidents()[0].clone()
    }));
    client.press("enter");
    assert_eq!(copied(&mut client), "INC-203");
}

#[test]
fn what_would_be_obeyed_where_it_is_pasted_is_not_copied() {
    let mut rows = incidents();
    rows[0].title = "disk full\n\u{1b}[31m; rm -rf /\r\u{202e}".to_owned();
    let mut client = Client::new().connected(&rows);
    client.press("y j j enter");
    assert_eq!(copied(&mut client), "disk full␤␛[31m; rm -rf /␍\\u{202e}");
    client.press("y");
    let row = rows[0].clone();
    client.answer_all(|load| match load {
        Load::Incident(_) => Some(Outcome::Incident(Box::new(row.clone()))),
        other => usual(other),
    });
    client.press("G enter");
    let json = copied(&mut client);
    assert!(json.chars().all(|c| c == '\n' || !c.is_control()) && !json.contains('\u{202e}'));
}

#[test]
fn too_much_is_told_and_not_sent() {
    let mut rows = incidents();
    rows[0].description = Some("x".repeat(COPY_MAX));
    let mut client = Client::new().connected(&rows);
    client.press("y G");
    client.answer_all(|load| match load {
        Load::Incident(_) => Some(Outcome::Incident(Box::new(rows[0].clone()))),
        other => usual(other),
    });
    assert!(client.screen().contains("too much, a terminal takes 74,994"), "{}", client.screen());
    client.press("enter");
    assert!(!client.take().iter().any(|effect| matches!(effect, Effect::Copy(_))));
    assert!(client.flash().starts_with("Nothing copied: INC-204 JSON has 7"), "{}", client.flash());
}

#[test]
fn without_an_incident_there_is_nothing_to_copy() {
    let mut client = Client::new().connected(&[]);
    client.press("y");
    assert_eq!(client.flash(), "No incident is selected");
    client.press("J");
    assert_eq!(client.model.context(), Context::List);
}

#[test]
fn json_is_the_incident_as_it_is_now_and_scrolls_to_its_end() {
    let mut client = Client::live();
    client.press("J");
    let loads = client.loads();
    let [(request, load)] = &loads[..] else { panic!("{loads:?}") };
    assert_eq!(*load, Load::Incident(id(204)));
    client.done(*request, usual(load).expect("an answer"));
    assert!(client.screen().contains("\"status\": \"open\""), "{}", client.screen());
    client.stream(status_event(&incidents()[0], Status::Investigating));
    assert!(client.screen().contains("\"status\": \"investigating\""), "{}", client.screen());
    client.press("G");
    let end = client.screen();
    assert!(end.contains("\n }\n"), "{end}");
    client.press("j j k");
    assert_ne!(client.screen(), end, "one key up moves at once");
    client.press("y");
    assert!(copied(&mut client).contains("investigating"));
    client.press("J");
    assert_eq!(client.model.context(), Context::List);
}

#[test]
fn json_of_somebody_hostile_is_text() {
    let mut client = Client::live();
    client.press("J");
    client.answer_all(|load| match load {
        Load::Incident(_) => {
            let row = incidents()[0].clone();
            Some(Outcome::Incident(Box::new(Incident { description: Some(hostile()), ..row })))
        }
        other => usual(other),
    });
    for (width, height) in [(80, 24), (20, 6), (1, 1), (0, 0), (200, 60)] {
        client.resize(width, height);
        client.press("G");
        assert!(!client.screen().contains(['\u{1b}', '\u{9b}', '\u{202e}']));
    }
}

#[test]
fn json_that_is_not_read_yet_is_neither_shown_nor_copied() {
    let mut client = Client::live();
    client.press("J");
    assert!(!client.screen().contains("Loading") && !client.screen().contains("\"status\""));
    client.wait(250);
    assert!(client.screen().contains("Loading"), "{}", client.screen());
    client.press("y");
    assert_eq!(client.flash(), "Nothing copied: INC-204 is still being read");
    let (request, _) = client.loads().remove(0);
    client.done(request, Outcome::Failed(offline()));
    let screen = client.screen();
    assert!(
        screen.contains("does not answer") && screen.contains("ctrl-r tries again"),
        "{screen}"
    );
    client.press("y");
    assert!(client.flash().starts_with("Nothing copied: INC-204 could not be read: watchfired"));
    client.press("ctrl-r");
    client.answer_all(usual);
    assert!(client.screen().contains("Users see timeouts"), "{}", client.screen());
    client.press("y");
    assert!(copied(&mut client).contains("Users see timeouts"));
}

#[test]
fn the_choice_says_that_json_is_not_read_yet_and_waits() {
    let mut client = Client::live();
    client.press("y G");
    assert!(client.screen().contains("JSON       is still being read"), "{}", client.screen());
    client.press("enter");
    assert_eq!(client.flash(), "Nothing copied: INC-204 is still being read");
    client.answer_all(usual);
    client.press("enter");
    assert!(copied(&mut client).contains("Users see timeouts"));
}

#[test]
fn what_is_deleted_is_shown_as_it_was() {
    let mut client = Client::opened();
    client.stream(deleted_event(&incidents()[0]));
    client.press("J");
    assert!(client.screen().contains("Users see timeouts"), "{}", client.screen());
}

#[test]
fn pictures() {
    let mut client = Client::opened();
    client.press("J");
    client.answer_all(usual);
    insta::assert_snapshot!("json", client.screen());
    client.resize(200, 60);
    insta::assert_snapshot!("json_200", client.screen());
    client.press("J y j");
    insta::assert_snapshot!("copy_200", client.screen());
    client.resize(80, 24);
    client.press("esc [ y");
    insta::assert_snapshot!("copy", client.screen());
}
