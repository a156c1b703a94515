//! Another title, and another person found by typing.

use watchfire_shared::field::Field;
use watchfire_shared::ids::UserId;
use watchfire_shared::page::Page;
use watchfire_shared::user::UserOut;

use super::client::Client;
use super::commands::patch;
use super::world::*;
use crate::effect::Load;
use crate::event::Outcome;

#[test]
fn a_title_is_written_on_from_what_it_was() {
    let mut client = Client::live();
    client.press("t");
    assert!(client.screen().contains("Title of INC-204"), "{}", client.screen());
    client.type_text(" in eu");
    client.press("enter");
    let (request, command) = client.command();
    let sent = patch(command);
    assert_eq!(sent.title, Field::Set("Checkout latency p99 over 4 s in eu".to_owned()));
    let guard = sent.expect.expect("a guard").title;
    assert_eq!(guard.as_deref(), Some("Checkout latency p99 over 4 s"));
    client.press("t");
    assert!(client.flash().contains("still waiting"), "{}", client.flash());
    let renamed = next(&incidents()[0], |incident| incident.title = "x".to_owned());
    client.done(request, Outcome::Changed(Box::new(renamed)));
    assert_eq!(client.flash(), "INC-204 renamed");
}

#[test]
fn a_title_that_changed_meanwhile_is_shown_and_never_overwritten() {
    let mut client = Client::live();
    client.press("t");
    client.type_text(" in eu");
    let other = next(&incidents()[0], |incident| incident.title = "Robin was here".to_owned());
    client.stream(updated_event(&other));
    assert!(client.screen().contains("changed meanwhile"), "{}", client.screen());
    assert!(client.screen().contains("Robin was here"), "{}", client.screen());
    client.press("enter");
    let (request, command) = client.command();
    let guard = patch(command).expect.expect("a guard").title;
    assert_eq!(guard.as_deref(), Some("Checkout latency p99 over 4 s"));
    // Refused: what was typed is there again, beside what the title is now.
    client.done(request, Outcome::Failed(offline()));
    client.wait(20_000);
    client.press("t");
    let screen = client.screen();
    assert!(screen.contains("over 4 s in eu") && screen.contains("now Robin was here"), "{screen}");
}

#[test]
fn a_title_that_is_the_same_or_none_is_not_sent() {
    let mut client = Client::live();
    client.press("t enter");
    assert!(client.sends_nothing());
    assert_eq!(client.flash(), "INC-204 keeps its title");
    client.press("t ctrl-u enter");
    assert!(client.sends_nothing());
    assert!(client.screen().contains("A title must not be empty"), "{}", client.screen());
    client.press("esc space t");
    assert!(client.sends_nothing() && client.model.overlay.is_none(), "marks are for many");
}

/// With these people besides dana and robin.
fn among(names: &[&str]) -> impl Fn(&Load) -> Option<Outcome> {
    let mut items = vec![me(), UserOut { id: robin().id, name: robin().name, ..me() }];
    items.extend(names.iter().enumerate().map(|(at, name)| UserOut {
        id: UserId(uuid::Uuid::from_u128(100 + u128::try_from(at).expect("few"))),
        name: (*name).to_owned(),
        ..me()
    }));
    move |load| match load {
        Load::Users => Some(Outcome::Users(Page { items: items.clone(), next_cursor: None })),
        other => usual(other),
    }
}

#[test]
fn a_person_is_found_by_a_few_characters() {
    let mut client = Client::live();
    client.press("A");
    // Typed before the people were there.
    client.type_text("rb");
    client.answer_all(among(&["barbara", "jo"]));
    let screen = client.screen();
    assert!(screen.contains("▌robin") || screen.contains("▌barbara"), "{screen}");
    assert!(!screen.contains(" jo\n"), "{screen}");
    client.type_text("n");
    assert!(client.screen().contains("▌robin"), "{}", client.screen());
    client.press("enter");
    assert_eq!(patch(client.command().1).assigned_to, Field::Set(robin().id));
}

#[test]
fn who_is_not_found_is_not_chosen() {
    let mut client = Client::live();
    client.press("A");
    client.answer_all(among(&[]));
    client.type_text("zzz");
    client.press("enter");
    assert!(client.sends_nothing());
    assert_eq!(client.flash(), "Nobody is called so");
    client.press("ctrl-u");
    client.type_text("nob");
    client.press("enter");
    assert_eq!(client.flash(), "INC-204 is nobody's already", "nothing to send");
    assert!(client.sends_nothing());
}
