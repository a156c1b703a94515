//! Actions by name.

use watchfire_shared::incident::Status;

use super::client::Client;
use super::world::*;
use crate::effect::Command;
use crate::keymap::Context;
use crate::model::{Look, Screen};

#[test]
fn an_action_is_found_by_some_letters_of_its_name_and_runs() {
    let mut client = Client::live();
    client.press("ctrl-p");
    assert!(client.screen().contains("On INC-204"), "{}", client.screen());
    client.type_text("asme");
    client.press("enter");
    assert_eq!(client.model.context(), Context::List, "it closes");
    assert!(matches!(client.command().1, Command::Patch { id, .. } if id == incidents()[0].id));
}

#[test]
fn screens_open_by_their_names() {
    let mut client = Client::live();
    for (name, screen) in
        [("cache", Screen::Cache), ("events", Screen::Events), ("incidents", Screen::Incidents)]
    {
        client.press(":");
        client.type_text(name);
        client.press("enter");
        assert_eq!(client.model.screen, screen);
    }
}

#[test]
fn the_arrows_choose_and_typing_begins_at_the_best_again() {
    let mut client = Client::live();
    client.press(": down down up enter");
    // The second of what may be done to an open incident.
    assert_eq!(client.model.context(), Context::Picker, "{}", client.screen());
    client.press("esc : down down");
    client.type_text("comm");
    client.press("enter");
    assert_eq!(client.model.context(), Context::Comment);
}

#[test]
fn what_the_status_forbids_comes_last_and_says_why_when_it_is_typed() {
    let mut client = Client::live();
    client.press(":");
    let screen = client.screen();
    assert!(screen.contains("▌investigate") && !screen.contains("reopen"), "{screen}");
    client.type_text("resolve");
    let screen = client.screen();
    assert!(screen.contains("▌resolve") && screen.contains("not as it stands"), "{screen}");
    client.press("enter");
    assert!(client.flash().contains("INC-204 is open"), "{}", client.flash());
    assert!(client.sends_nothing());
    client.press(":");
    client.stream(status_event(&incidents()[0], Status::Investigating));
    assert!(client.screen().contains("▌investigate"), "nothing changes under a finger");
    client.press("esc * :");
    assert!(!client.screen().contains("not as it stands"), "a question follows that says it");
}

#[test]
fn what_was_run_last_is_first_when_nothing_is_typed() {
    let mut client = Client::live();
    client.press(":");
    client.type_text("commands");
    client.press("enter esc : enter");
    assert_eq!(client.model.context(), Context::CommandLog);
    client.press("esc 4 :");
    client.type_text("demonstrate");
    client.press("enter esc 1 :");
    let screen = client.screen();
    assert!(screen.contains("▌commands"), "an action of another view is not offered\n{screen}");
}

#[test]
fn no_such_name_says_so_and_does_nothing() {
    let mut client = Client::live();
    client.press(":");
    client.type_text("zzzz");
    assert!(client.screen().contains("No action has such a name"));
    client.press("enter");
    assert_eq!(client.model.context(), Context::Palette, "the text is still there");
    assert!(client.sends_nothing());
    client.press("esc");
    assert_eq!(client.model.context(), Context::List);
}

#[test]
fn rows_that_move_meanwhile_change_nothing() {
    let mut client = Client::live();
    client.press("j :");
    client.type_text("comment");
    let urgent = incidents()[0].clone();
    client.stream(created_event(watchfire_shared::incident::Incident {
        id: id(900),
        reference: watchfire_shared::ids::Reference(900),
        ..urgent
    }));
    client.stream(status_event(&incidents()[0], Status::Investigating));
    client.press("enter");
    assert!(client.screen().contains("Comment on INC-203"), "{}", client.screen());
}

#[test]
fn an_incident_that_is_not_selected_any_more_is_left_alone() {
    let mut client = Client::live();
    client.press(":");
    client.type_text("assign to me");
    client.model.list.selected = Some(id(203));
    client.press("enter");
    assert!(client.sends_nothing());
    assert_eq!(client.flash(), "Nothing done: INC-204 is not selected any more");
}

#[test]
fn it_shows_the_incident_as_it_stands_now_and_the_machine_decides() {
    let mut client = Client::live();
    client.press(":");
    client.type_text("investigate");
    client.stream(status_event(&incidents()[0], Status::Investigating));
    assert!(client.screen().contains("On INC-204 ◐ invest."), "{}", client.screen());
    client.press("enter");
    assert!(client.sends_nothing());
    assert!(client.flash().contains("INC-204"), "{}", client.flash());
}

#[test]
fn closing_by_name_is_asked_twice_too() {
    let mut client = Client::live();
    client.press("j j j :");
    client.type_text("close");
    client.press("enter");
    assert!(client.sends_nothing());
    assert!(client.flash().contains("c again closes INC-201"), "{}", client.flash());
    client.press("c");
    assert!(matches!(client.command().1, Command::Patch { .. }));
}

#[test]
fn help_from_the_palette_is_that_of_the_view() {
    let mut client = Client::live();
    client.press("4 :");
    client.type_text("help");
    client.press("enter");
    assert!(client.screen().contains("demonstrate") || client.screen().contains("cache demo"));
}

#[test]
fn pictures() {
    let mut client = Client::live();
    client.press(":");
    insta::assert_snapshot!("palette", client.screen());
    client.type_text("re");
    insta::assert_snapshot!("palette_typed", client.screen());
    client.resize(200, 60);
    insta::assert_snapshot!("palette_200", client.screen());
    client.resize(44, 14);
    insta::assert_snapshot!("palette_narrow", client.screen());
    let mut plain = Client::with(|start| start.look = Look { colour: false, unicode: false })
        .connected(&incidents());
    plain.press("5 :");
    insta::assert_snapshot!("palette_plain", plain.screen());
}

#[test]
fn pictures_of_help() {
    let mut client = Client::live();
    client.press("4 ?");
    insta::assert_snapshot!("help_cache", client.screen());
    client.resize(200, 60);
    insta::assert_snapshot!("help_200", client.screen());
}
