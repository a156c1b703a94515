//! Assessments of an incident, and the patterns they bring.

use watchfire_shared::assessment::{Assessment, AssessmentStatus};
use watchfire_shared::event::Fact;
use watchfire_shared::page::Page;

use super::client::Client;
use super::world::*;
use crate::effect::{Command, Load, RequestId};
use crate::event::{Outcome, StreamEvent};
use crate::model::Screen;

/// On the tab, its question not answered.
fn asking() -> Client {
    let mut client = Client::opened();
    client.press("tab tab tab");
    client
}

/// On the tab, with these.
fn with(all: &[Assessment]) -> Client {
    let mut client = asking();
    client.answer_all(|load| answer(load, all));
    client
}

fn answer(load: &Load, all: &[Assessment]) -> Option<Outcome> {
    match load {
        Load::Assessments { .. } => {
            Some(Outcome::Assessments(Page { items: all.to_vec(), next_cursor: None }))
        }
        other => usual(other),
    }
}

fn reads(client: &mut Client) -> Vec<RequestId> {
    let mut loads = client.loads();
    loads.retain(|(_, load)| matches!(load, Load::Assessments { .. }));
    loads.into_iter().map(|(request, _)| request).collect()
}

fn event(version: i64, assessment: Assessment) -> StreamEvent {
    let mut incident = incidents()[0].clone();
    incident.version = version;
    let fact = if assessment.status == AssessmentStatus::InProgress {
        Fact::AssessmentRequested { incident, assessment }
    } else {
        Fact::AssessmentCompleted { incident, assessment }
    };
    StreamEvent::Event(Box::new(told(fact, actor("dana"), 0)))
}

#[test]
fn the_tab_tells_what_was_found_and_why_one_failed() {
    let client = with(&assessments());
    let screen = client.screen();
    for part in [
        "[Assessment]",
        "completed  logs  20:44:31, 1m ago, by dana, took 2s",
        "1,204 lines  812 error  391 warn  1 info",
        "412×  error  timeout after 4003 ms",
        "failed  logs",
        "the worker gave up after five attempts: the database was away",
    ] {
        assert!(screen.contains(part), "{part}\n{screen}");
    }
}

#[test]
fn loading_is_said_after_a_while_and_what_failed_is_tried_again() {
    let mut client = asking();
    assert!(!client.screen().contains("Loading"));
    client.wait(250);
    assert!(client.screen().contains("Loading"));
    let request = reads(&mut client)[0];
    client.done(request, Outcome::Failed(offline()));
    assert!(client.screen().contains("does not answer"), "{}", client.screen());
    client.wait(5_100);
    assert_eq!(reads(&mut client).len(), 1);
}

#[test]
fn what_cannot_be_read_again_stays_and_says_so() {
    let mut client = with(&assessments());
    client.press("ctrl-r");
    let request = reads(&mut client)[0];
    client.done(request, Outcome::Failed(offline()));
    let screen = client.screen();
    assert!(screen.contains("completed") && screen.contains("not read again: watch"), "{screen}");
}

#[test]
fn without_one_the_key_that_asks_for_it_is_named() {
    let mut client = with(&[]);
    assert!(client.screen().contains("i asks for one now"), "{}", client.screen());
    client.press("i");
    let (request, command) = client.command();
    assert_eq!(command, Command::Assess(id(204)));
    let begun = assessment(3, 0, AssessmentStatus::InProgress);
    client.done(request, Outcome::Assessed(Box::new(begun.clone())));
    assert_eq!(client.flash(), "INC-204 is being assessed");
    assert!(client.screen().contains("requested  logs"), "{}", client.screen());
    // Its event comes too.
    client.stream(event(6, begun));
    assert_eq!(client.screen().matches("requested  logs").count(), 1);
    client.press("@");
    assert!(client.screen().contains("$ watchfire assess INC-204"), "{}", client.screen());
}

#[test]
fn it_follows_what_is_told_and_what_has_ended_does_not_begin_again() {
    let mut client = with(&assessments());
    let begun = assessment(3, 0, AssessmentStatus::InProgress);
    client.stream(event(6, begun.clone()));
    assert!(client.screen().contains("requested  logs"), "{}", client.screen());
    client.stream(event(7, Assessment { progress: 40, ..begun.clone() }));
    assert!(client.screen().contains("running, 40 %"), "{}", client.screen());
    client.stream(event(8, assessment(3, 0, AssessmentStatus::Completed)));
    assert_eq!(client.screen().matches("✓ completed").count(), 2, "{}", client.screen());
    client.stream(event(9, begun));
    assert!(!client.screen().contains("requested  logs"), "{}", client.screen());
    assert!(reads(&mut client).is_empty(), "the events say it all");
}

#[test]
fn an_answer_older_than_an_event_is_read_once_more() {
    let mut client = asking();
    let old = reads(&mut client)[0];
    client.stream(event(6, assessment(3, 0, AssessmentStatus::InProgress)));
    let new = reads(&mut client)[0];
    client.done(old, Outcome::Assessments(Page { items: Vec::new(), next_cursor: None }));
    assert!(!client.screen().contains("No assessment"), "{}", client.screen());
    client.done(new, Outcome::Assessments(Page { items: assessments(), next_cursor: None }));
    assert!(client.screen().contains("completed"));
}

#[test]
fn marked_incidents_are_assessed_after_one_question() {
    let mut client = Client::live();
    client.press("space space i");
    assert!(
        client.screen().contains("Assess the log lines of 2 incidents?"),
        "{}",
        client.screen()
    );
    client.press("enter");
    let sent = client.take().into_iter().filter(|effect| {
        matches!(effect, crate::effect::Effect::Command { command: Command::Assess(_), .. })
    });
    assert_eq!(sent.count(), 2);
}

#[test]
fn nobody_who_may_only_read_asks_for_one() {
    let mut client = Client::with(|start| start.read_only = true).connected(&incidents());
    client.press("enter tab tab tab");
    client.answer_all(|load| answer(load, &[]));
    assert!(!client.screen().contains("asks for one"), "{}", client.screen());
    client.press("i");
    assert!(client.sends_nothing());
    assert!(client.flash().contains("read_only"));
}

#[test]
fn its_age_ticks() {
    let mut client = Client::live();
    client.press("enter tab tab tab");
    // Nothing else on the screen has an age that ticks by the second.
    client.answer_all(|load| match load {
        Load::Alerts { .. } => Some(Outcome::Alerts(Page { items: vec![], next_cursor: None })),
        other => usual(other),
    });
    client.wait(31_000);
    client.stream(StreamEvent::Heartbeat { position: 9 });
    assert!(client.screen().contains("1m ago, by dana"), "{}", client.screen());
    client.model.take_dirty();
    client.wait(1_500);
    assert!(client.model.take_dirty());
    assert!(client.screen().contains("2m ago, by dana"), "{}", client.screen());
}

#[test]
fn lines_and_patterns_take_turns() {
    let mut client = Client::opened();
    client.press("[");
    assert!(client.screen().contains("[Lines] Patterns"), "{}", client.screen());
    client.press("P");
    client.answer_all(usual);
    let screen = client.screen();
    assert!(screen.contains("[Patterns]  of 1,204 lines at 20:44:33"), "{screen}");
    assert!(screen.contains("412×  error  timeout after 4003 ms"), "{screen}");
    client.press("esc");
    assert_eq!(client.model.screen, Screen::Detail);
    assert!(client.screen().contains("[Lines] Patterns"));
    // A search is of the lines.
    client.press("P /");
    assert!(client.screen().contains("following · /"), "{}", client.screen());
}

#[test]
fn patterns_say_what_they_wait_for() {
    for (all, wanted) in [
        (vec![], "there is none yet"),
        (vec![assessment(3, 0, AssessmentStatus::InProgress)], "that is being made"),
        (vec![assessment(3, 9, AssessmentStatus::Failed)], "failed: the worker gave up"),
        (vec![assessment(3, 9, AssessmentStatus::Cancelled)], "was cancelled"),
    ] {
        let mut client = Client::opened();
        client.press("[ P");
        client.answer_all(|load| answer(load, &all));
        assert!(client.screen().contains(wanted), "{wanted}\n{}", client.screen());
        let asks = all.iter().all(|it| it.status != AssessmentStatus::InProgress);
        assert_eq!(client.screen().contains("i asks for one now"), asks);
    }
}

#[test]
fn a_line_that_cannot_be_seen_is_not_copied() {
    let mut client = Client::opened();
    client.press("[ P y");
    client.answer_all(usual);
    assert!(!client.screen().contains("log line "), "{}", client.screen());
}
