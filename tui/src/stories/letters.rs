//! Decisions about dead letters and failed events: about the one that was seen, by somebody who may.

use watchfire_shared::dead_letter::{DeadLetter, DeadLetterState};
use watchfire_shared::outbox::FailedEvent;
use watchfire_shared::problem::{Code, Problem};
use watchfire_shared::user::{Role, UserOut};

use super::client::Client;
use super::plant::*;
use super::world::*;
use crate::effect::{Command, Load};
use crate::event::{Failure, FailureKind, Outcome, StreamEvent};
use crate::model::letters::{Letter, LetterId};

/// The next reading finds these.
fn read(client: &mut Client, letters: &[DeadLetter]) {
    client.wait(2_100);
    client.stream(StreamEvent::Heartbeat { position: 1 });
    client.answer_all(|load| answer(load, letters));
}

fn refused(code: Code, detail: &str) -> Outcome {
    Outcome::Failed(Failure {
        problem: Some(Box::new(Problem::new(code, detail, "r"))),
        ..Failure::new(FailureKind::Refused, detail)
    })
}

/// The row with the cursor.
fn chosen(client: &Client) -> String {
    let screen = client.screen();
    screen.lines().find(|line| line.contains('▌')).unwrap_or_default().to_owned()
}

#[test]
fn a_key_acts_on_the_letter_that_was_seen_though_rows_moved() {
    let mut client = deciding(&[letter(1), letter(2), letter(3)]);
    client.press("j");
    // An older one comes in above, and the one at the end is gone.
    read(&mut client, &[letter(9), letter(1), letter(2)]);
    client.press("d");
    assert_eq!(client.command().1, Command::Redrive(letter_id(2)));
}

#[test]
fn a_form_acts_on_its_letter_though_rows_moved() {
    let mut client = deciding(&[letter(1), letter(2)]);
    client.press("x");
    assert!(client.screen().contains("Discard INC-204 v1 alert.fired for good: why?"));
    read(&mut client, &[letter(7), letter(8), letter(1), letter(2)]);
    client.type_text(" counted by hand ");
    client.press("enter");
    let reason = "counted by hand".to_owned();
    assert_eq!(client.command().1, Command::Discard { id: letter_id(1), reason });
}

#[test]
fn one_that_is_gone_stays_under_the_cursor_and_nothing_is_done_to_its_neighbour() {
    let mut client = deciding(&[letter(1), letter(2), letter(3)]);
    client.press("j");
    read(&mut client, &[letter(1), letter(3)]);
    assert!(chosen(&client).contains("gone"), "{}", client.screen());
    client.press("d x");
    assert!(client.sends_nothing());
    assert_eq!(client.flash(), "Nothing done: INC-204 v2 alert.fired does not wait any more");
    assert!(client.model.overlay.is_none());
    client.press("j");
    assert_eq!(
        client.model.events.letters.selected().map(Letter::id),
        Some(LetterId::Parked(letter_id(3)))
    );
    assert!(!client.screen().contains("gone"));
    client.press("d");
    assert_eq!(client.command().1, Command::Redrive(letter_id(3)));
}

#[test]
fn the_last_one_that_is_gone_leaves_with_the_cursor() {
    let mut client = deciding(&[letter(1)]);
    read(&mut client, &[]);
    assert!(chosen(&client).contains("gone"));
    client.press("j");
    assert!(client.screen().contains("None: everything was handled"), "{}", client.screen());
    read(&mut client, &[letter(4)]);
    assert!(chosen(&client).contains("alert.fired"), "the first to arrive is selected");
    read(&mut client, &[]);
    client.press("1 5");
    client.answer_all(|load| answer(load, &[letter(5)]));
    assert!(!client.screen().contains("gone"), "another visit");
    client.press("d");
    assert_eq!(client.command().1, Command::Redrive(letter_id(5)));
}

#[test]
fn a_decision_shows_until_its_answer_and_the_letters_are_read_again() {
    let mut client = deciding(&[letter(1)]);
    client.press("d");
    let (request, _) = client.command();
    assert!(chosen(&client).contains(" …  "), "{}", chosen(&client));
    client.press("d");
    assert!(client.sends_nothing());
    assert!(client.flash().contains("still waiting"));
    // What was asked before the answer knows nothing of it.
    client.wait(2_100);
    client.stream(StreamEvent::Heartbeat { position: 1 });
    let before = client.loads();
    client.done(request, Outcome::Decided);
    assert_eq!(client.flash(), "INC-204 v1 alert.fired will be handled once more");
    let redriving = DeadLetter { state: DeadLetterState::Redriving, ..letter(1) };
    client.answer_all(|load| answer(load, std::slice::from_ref(&redriving)));
    for (request, load) in before {
        client.done(request, answer(&load, &[letter(1)]).expect("an answer"));
    }
    assert!(chosen(&client).contains("redriving"), "{}", chosen(&client));
    client.press("x");
    assert_eq!(client.flash(), "Nothing done: INC-204 v1 alert.fired is redriving already");
}

#[test]
fn a_refusal_says_why_and_is_kept() {
    let mut client = deciding(&[letter(1)]);
    client.press("d");
    let (request, _) = client.command();
    client.done(request, refused(Code::NotFound, "No dead letter with this id is waiting."));
    let expected =
        "redrive INC-204 v1 alert.fired refused: No dead letter with this id is waiting.";
    assert_eq!(client.flash(), expected);
    client.press("@");
    assert!(client.screen().contains("No dead letter with this id"), "{}", client.screen());
}

#[test]
fn a_reason_is_asked_for_and_never_lost() {
    let mut client = deciding(&[letter(1), letter(2)]);
    client.press("x enter");
    assert!(client.sends_nothing());
    assert!(client.screen().contains("a reason is needed"));
    client.type_text("quit");
    assert!(!client.screen().contains("a reason is needed"));
    client.press("esc");
    assert!(client.flash().contains("is kept"));
    client.press("j x");
    assert!(!client.screen().contains("quit\n"), "another letter, another reason");
    client.press("esc k x");
    client.type_text("e sure");
    client.press("enter");
    let (request, command) = client.command();
    let reason = "quite sure".to_owned();
    assert_eq!(command, Command::Discard { id: letter_id(1), reason });
    client.done(request, Outcome::Failed(offline()));
    assert!(client.flash().contains("discard INC-204 v1 alert.fired not sent"));
    client.press("x");
    assert!(client.screen().contains("quite sure"));
    client.event(crate::event::Event::Paste("y".repeat(1_000)));
    client.press("enter");
    assert!(client.sends_nothing());
    assert!(client.screen().contains("at most 1,000 characters"));
}

#[test]
fn a_letter_decided_while_its_reason_was_written_is_left_alone() {
    let mut client = deciding(&[letter(1), letter(2)]);
    client.press("x");
    client.type_text("too late");
    read(&mut client, &[letter(2)]);
    client.press("enter");
    assert!(client.sends_nothing());
    assert_eq!(client.flash(), "Nothing done: INC-204 v1 alert.fired does not wait any more");
}

#[test]
fn only_an_admin_decides_and_only_an_admin_is_offered_it() {
    let one = [letter(1)];
    for (role, may) in [(Role::Viewer, false), (Role::Responder, false), (Role::Admin, true)] {
        let mut client = Client::new();
        client.stream(hello());
        client.press("5");
        client.answer_all(|load| match load {
            Load::Me => Some(Outcome::Me(UserOut { role, ..me() })),
            other => answer(other, &one),
        });
        assert_eq!(client.screen().contains("d redrive  x discard"), may, "{role}");
        client.press("x");
        assert_eq!(client.model.overlay.is_some(), may, "{role}");
        client.press("esc");
        client.press("5 d");
        assert_eq!(!client.sends_nothing(), may, "{role}");
        if !may {
            assert_eq!(client.flash(), "Only an admin decides about this");
        }
    }
}

#[test]
fn the_selected_letter_is_told_in_full() {
    assert!(deciding(&[letter(1)]).screen().contains("tried 5 times by analysis"));
    let mut client = deciding(&letters());
    let screen = client.screen();
    assert!(screen.contains("undecodable message"), "{screen}");
    client.press("j");
    let screen = client.screen();
    for part in ["tried 5 times by analysis", "incident.events 3, 912", "counted; five tries"] {
        assert!(screen.contains(part), "{part}\n{screen}");
    }
    client.press("G");
    assert!(client.screen().contains("waits for an earlier one (analysis)"));
    client.press("d");
    assert!(client.sends_nothing());
    assert!(client.flash().contains("is redriving already"), "{}", client.flash());
}

#[test]
fn more_letters_than_rows_scroll_with_the_cursor() {
    let many: Vec<DeadLetter> = (1..=60).map(letter).collect();
    let mut client = deciding(&many);
    for _ in 0..30 {
        client.press("j");
    }
    assert!(client.screen().contains("Dead letters 60"));
    assert!(chosen(&client).contains("alert.fired"));
    client.press("d");
    assert_eq!(client.command().1, Command::Redrive(letter_id(31)));
    client.press("G");
    assert!(client.screen().contains("INC-204 v60 alert.fired"));
    client.press("g k");
    assert!(client.screen().contains("INC-204 v1 alert.fired"));
}

/// The next reading of the outbox finds these.
fn read_outbox(client: &mut Client, failed: &[FailedEvent]) {
    client.wait(2_100);
    client.stream(StreamEvent::Heartbeat { position: 1 });
    client.answer_all(|load| match load {
        Load::Outbox => Some(outbox_with(failed)),
        other => answer(other, &[letter(1)]),
    });
}

#[test]
fn failed_events_stand_above_the_dead_letters_and_the_same_key_publishes_one_once_more() {
    let mut client = deciding(&[letter(1)]);
    read_outbox(&mut client, &[failed(1), failed(2)]);
    let screen = client.screen();
    assert!(screen.contains("Not published 2 · Dead letters 1"), "{screen}");
    assert!(chosen(&client).contains("INC-204"), "the letter that was selected: {screen}");
    assert!(screen.contains("d redrive  x discard"), "{screen}");
    client.press("g");
    let screen = client.screen();
    let row = chosen(&client);
    for part in ["INC-203", "incident.commented", "failed", "3×", "the message is larger"] {
        assert!(row.contains(part), "{part}: {row}");
    }
    assert!(screen.contains("INC-203 v1 incident.commented · not published, tried 3 times"));
    assert!(screen.contains("d redrive") && !screen.contains("x discard"), "{screen}");
    client.press("x");
    assert!(client.model.overlay.is_none());
    assert!(client.flash().contains("what follows INC-203 v1 incident.commented would be lost"));
    client.press("d");
    let (request, command) = client.command();
    assert_eq!(command, Command::Retry(failed(1).event.event_id));
    client.press("d");
    assert!(client.sends_nothing(), "once");
    client.loads();
    client.done(request, Outcome::Decided);
    assert_eq!(client.flash(), "INC-203 v1 incident.commented will be published once more");
    assert!(client.loads().iter().any(|(_, load)| *load == Load::Outbox), "it is read again");
    client.press("@");
    let line = format!("watchfire outbox retry {}", failed(1).event.event_id);
    assert!(client.screen().contains(&line), "{}", client.screen());
}

#[test]
fn one_that_was_published_meanwhile_stays_under_the_cursor_until_it_leaves() {
    let mut client = deciding(&[letter(1)]);
    read_outbox(&mut client, &[failed(1), failed(2)]);
    client.press("g");
    read_outbox(&mut client, &[failed(2)]);
    assert!(chosen(&client).contains("gone"), "{}", client.screen());
    // The next readings are without it too.
    read_outbox(&mut client, &[failed(2)]);
    assert!(chosen(&client).contains("gone"), "{}", client.screen());
    client.press("d");
    assert!(client.sends_nothing());
    client.press("j d");
    assert_eq!(client.command().1, Command::Retry(failed(2).event.event_id));
}

#[test]
fn only_an_admin_has_something_published_once_more() {
    let mut client = Client::new();
    client.stream(hello());
    client.press("5");
    client.answer_all(|load| match load {
        Load::Outbox => Some(outbox_with(&[failed(1)])),
        other => usual(other),
    });
    assert!(chosen(&client).contains("failed") && !client.screen().contains("d redrive"));
    client.press("d");
    assert!(client.sends_nothing());
    assert_eq!(client.flash(), "Only an admin decides about this");
}
