//! Going to another daemon: by its name, and with nothing of this one.

use std::time::Duration;

use super::client::Client;
use super::configured::read;
use super::world::*;
use crate::effect::Effect;
use crate::event::StreamEvent;
use crate::ink::{Colour, Ink};
use crate::model::chooser::Named;
use crate::model::{Look, Start};
use crate::update;

fn named(name: Option<&str>, address: &str, colour: &str) -> Named {
    let ink = Ink::of(Colour::read(colour).expect("a colour"));
    Named { context: name.map(str::to_owned), ink, address: address.to_owned() }
}

fn contexts() -> Vec<Named> {
    vec![
        named(None, "local", "white"),
        named(Some("preview"), "127.0.0.1:4912", "green"),
        named(Some("prod"), "incidents.example.com", "red"),
    ]
}

fn with(look: Look) -> Client {
    let change = |start: &mut Start| {
        start.setup.contexts = contexts();
        start.look = look;
    };
    Client::with(change).connected(&incidents())
}

fn client() -> Client {
    with(Look { colour: true, unicode: true })
}

/// Where it goes, if it goes anywhere.
fn ways(client: &mut Client) -> Vec<Effect> {
    let mut all = client.take();
    all.retain(|effect| matches!(effect, Effect::Go(_) | Effect::Stay));
    all
}

fn command(client: &mut Client, text: &str) {
    client.press(":");
    client.type_text(text);
    client.press("enter");
}

fn to(name: &str) -> Effect {
    Effect::Go(Some(name.to_owned()))
}

#[test]
fn the_daemons_in_a_list() {
    let mut client = client();
    command(&mut client, "ctx");
    insta::assert_snapshot!("ctx", client.screen());
    client.type_text("prd");
    insta::assert_snapshot!("ctx_typed", client.screen());
    client.press("enter");
    update::cannot_go(&mut client.model, "prod cannot be reached".to_owned(), client.now);
    client.resize(200, 60);
    insta::assert_snapshot!("ctx_failed_200", client.screen());
    let mut plain = with(Look { colour: false, unicode: false });
    command(&mut plain, "ctx");
    plain.resize(44, 14);
    insta::assert_snapshot!("ctx_narrow_plain", plain.screen());
    plain.press("esc :");
    plain.type_text("ctx");
    plain.resize(80, 24);
    insta::assert_snapshot!("ctx_palette_plain", plain.screen());
}

#[test]
fn one_is_found_by_some_of_its_letters_or_with_the_arrows() {
    for (typed, keys, wanted) in [
        ("prd", "enter", to("prod")),
        ("p", "down enter", to("prod")),
        ("", "enter", Effect::Go(None)),
        ("", "down enter", to("preview")),
    ] {
        let mut client = client();
        command(&mut client, "ctx");
        client.type_text(typed);
        client.press(keys);
        assert_eq!(ways(&mut client), [wanted], "{typed} {keys}");
        assert!(client.screen().contains("Going to "), "{}", client.screen());
    }
}

#[test]
fn whoever_cannot_sign_in_may_go_elsewhere() {
    let change = |start: &mut Start| {
        start.setup.contexts = contexts();
        start.signed_in = false;
    };
    let mut client = Client::with(change);
    let reason = "Cannot reach the daemon at http://127.0.0.1:4911 (connection refused); start it";
    let retry_in = Duration::from_secs(6);
    client.stream(StreamEvent::Lost { reason: reason.to_owned(), retry_in });
    insta::assert_snapshot!("ctx_sign_in_unreachable", client.screen());
    client.type_text("dana");
    client.press("esc");
    insta::assert_snapshot!("ctx_over_sign_in", client.screen());
    client.press("esc");
    assert!(client.screen().contains("dana"), "the form is as it was: {}", client.screen());
    client.press("esc");
    client.type_text("prd");
    client.press("enter");
    assert_eq!(ways(&mut client), [to("prod")]);
}

#[test]
fn what_was_being_written_when_the_sign_in_ended_stays_a_draft() {
    let mut client = client();
    client.press("n");
    client.type_text("half a com");
    let reason = "The sign-in has ended".to_owned();
    client.stream(StreamEvent::Unauthenticated { reason });
    assert!(client.screen().contains("The sign-in has ended."), "{}", client.screen());
    client.press("esc");
    assert!(client.screen().contains("Which daemon?"), "{}", client.screen());
    assert!(client.model.drafts.values().any(|draft| draft == "half a com"));
}

#[test]
fn a_name_can_be_typed_at_once() {
    for (typed, wanted) in
        [("ctx prod", to("prod")), ("ctx pre", to("preview")), ("ctx default", Effect::Go(None))]
    {
        let mut client = client();
        command(&mut client, typed);
        assert_eq!(ways(&mut client), [wanted], "{typed}");
    }
    let mut client = client();
    command(&mut client, "ctx nowhere");
    assert_eq!(ways(&mut client), []);
    assert_eq!(client.flash(), "No action has such a name");
}

#[test]
fn on_the_way_no_key_acts_on_an_incident_and_esc_stays() {
    let mut client = client();
    command(&mut client, "ctx prod");
    ways(&mut client);
    client.press("a r enter j");
    assert!(client.sends_nothing());
    client.press("esc");
    assert_eq!(ways(&mut client), [Effect::Stay]);
    client.press("a");
    client.command();
}

#[test]
fn what_fails_is_said_where_one_stayed() {
    let mut client = client();
    command(&mut client, "ctx prod");
    ways(&mut client);
    let why = "config.toml asks for what there is not".to_owned();
    update::cannot_go(&mut client.model, why.clone(), client.now);
    assert!(client.screen().contains(&why), "{}", client.screen());
    assert_eq!(client.selected(), "INC-204", "the list is still this daemon's");
    client.press("enter");
    assert_eq!(ways(&mut client), [to("prod")], "and it can be tried again");
}

#[test]
fn with_one_daemon_there_is_nowhere_to_go() {
    let mut client = Client::live();
    command(&mut client, "ctx");
    assert!(client.model.overlay.is_none());
    assert!(client.flash().contains("[contexts.NAME]"), "{}", client.flash());
}

#[test]
fn what_was_written_waits_for_the_return_and_nothing_else_does() {
    let mut client = client();
    client.press("space n");
    client.type_text("for all of them");
    client.press("esc esc enter n");
    client.type_text("rolling back");
    client.press("esc esc");
    let kept = client.model.take_drafts();
    let mut back = with(Look { colour: true, unicode: true });
    assert!(back.model.marks.is_empty() && back.model.undo.last().is_none());
    back.model.put_drafts(kept);
    assert_eq!(back.model.marked_draft, "for all of them");
    back.press("j enter n");
    assert!(back.screen().contains("rolling back"), "{}", back.screen());
}

#[test]
fn new_contexts_are_there_when_the_file_is_read_again() {
    let mut client = Client::live();
    let mut setup = client.model.setup.clone();
    setup.contexts = contexts();
    update::configure(&mut client.model, Ok(read(setup)), client.now);
    command(&mut client, "ctx prod");
    assert_eq!(ways(&mut client), [to("prod")]);
}
