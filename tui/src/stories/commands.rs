use watchfire_shared::field::Field;
use watchfire_shared::incident::{Comment, Expect, Incident, IncidentPatch, Priority, Status};
use watchfire_shared::page::Page;
use watchfire_shared::problem::{Code, FieldError, Problem};
use watchfire_shared::user::{Role, UserOut};

use super::client::Client;
use super::world::*;
use crate::effect::{Command, Effect, Load};
use crate::event::{Event, Failure, FailureKind, KeyCode, KeyInput, Outcome, StreamEvent};
use crate::model::commands::Cell;

pub(super) fn patch(command: Command) -> IncidentPatch {
    match command {
        Command::Patch { patch, .. } => *patch,
        other => panic!("not a patch: {other:?}"),
    }
}

/// A client whose only incident stands at `status`.
fn at(status: Status) -> Client {
    let only = Incident { status, ..incident(1, "Only one") };
    Client::new().connected(&[only])
}

#[test]
fn each_step_is_sent_with_what_was_seen() {
    for (from, key, to) in [
        (Status::Open, "a", Status::Investigating),
        (Status::Investigating, "r", Status::Resolved),
        (Status::Investigating, "o", Status::Open),
        (Status::Resolved, "c", Status::Closed),
        (Status::Resolved, "R", Status::Investigating),
    ] {
        let mut client = at(from);
        client.press(key);
        if to == Status::Closed {
            client.press(key);
        }
        let patch = patch(client.command().1);
        assert_eq!(patch.status, Field::Set(to), "{key}");
        let expect = Expect { status: Some(from), ..Expect::default() };
        assert_eq!(patch.expect, Some(expect), "{key}");
    }
}

#[test]
fn closing_is_final_and_asked_for_twice_on_the_same_incident() {
    let resolved =
        |n| Incident { status: Status::Resolved, firing_alerts: n, ..incident(n, "Resolved") };
    let mut client = Client::new().connected(&[resolved(1), resolved(2)]);
    client.press("c");
    assert!(client.sends_nothing());
    let question = client.flash();
    assert!(question.contains("c again") && question.contains("fire"), "{question}");
    client.press("j");
    client.press("c");
    assert!(client.sends_nothing(), "another row, another question");
    client.wait(60_000);
    client.press("c");
    assert!(client.sends_nothing(), "the question is gone with its flash");
    client.press("c");
    assert_eq!(patch(client.command().1).status, Field::Set(Status::Closed));
}

#[test]
fn what_the_status_machine_forbids_is_neither_sent_nor_offered() {
    for status in Status::ALL {
        for (key, from) in [
            ("a", Status::Open),
            ("r", Status::Investigating),
            ("o", Status::Investigating),
            ("c", Status::Resolved),
            ("R", Status::Resolved),
        ] {
            let mut client = at(*status);
            client.press(key);
            if *status == from && key == "c" {
                client.press(key);
            }
            let sent = !client.sends_nothing();
            assert_eq!(sent, *status == from, "{key} at {status}");
            if !sent {
                assert!(client.flash().starts_with("INC-1 is "), "{}", client.flash());
            }
        }
    }
    assert!(at(Status::Open).screen().contains("a investigate"));
    assert!(!at(Status::Open).screen().contains("r resolve"));
    assert!(at(Status::Investigating).screen().contains("r resolve"));
    assert!(at(Status::Resolved).screen().contains("c close"));
    assert!(!at(Status::Closed).screen().contains("reopen"));
}

#[test]
fn a_pending_command_shows_in_its_cell_until_the_answer() {
    let mut client = Client::live();
    client.press("a");
    let (request, _) = client.command();
    assert!(client.model.commands.is_pending(id(204), Cell::Status));
    assert!(client.screen().contains("○ …"));
    client.press("a");
    assert!(client.sends_nothing());
    assert!(client.flash().contains("still waiting"));
    let changed = next(&incidents()[0], |i| i.status = Status::Investigating);
    client.done(request, Outcome::Changed(Box::new(changed)));
    assert!(!client.screen().contains('…') || client.screen().contains("◐ invest."));
    assert!(!client.model.commands.is_pending(id(204), Cell::Status));
    assert_eq!(client.flash(), "INC-204 investigating");
}

#[test]
fn assigning_expects_whom_it_had() {
    let mut client = Client::live();
    client.press("m");
    let sent = patch(client.command().1);
    assert_eq!(sent.assigned_to, Field::Set(me().id));
    assert_eq!(sent.expect.expect("expects").assigned_to, Field::Null);

    client.press("j m");
    assert!(client.sends_nothing(), "it is mine");
    assert_eq!(client.flash(), "INC-203 is yours already");

    client.press("j j m");
    let sent = patch(client.command().1);
    let expected = sent.expect.expect("expects").assigned_to;
    assert_eq!(expected, Field::Set(robin().id));
}

#[test]
fn anybody_can_be_chosen_and_nobody() {
    let mut client = Client::live();
    client.press("M");
    client.answer_all(usual);
    client.press("down down enter");
    let sent = patch(client.command().1);
    assert_eq!(sent.assigned_to, Field::Set(robin().id));

    client.press("j M");
    client.answer_all(usual);
    client.press("enter");
    let sent = patch(client.command().1);
    assert_eq!(sent.assigned_to, Field::Null);
    assert_eq!(sent.expect.expect("expects").assigned_to, Field::Set(me().id));
}

#[test]
fn who_is_chosen_stays_chosen_when_people_come_and_go() {
    let mut client = Client::live();
    client.press("M enter");
    assert!(client.sends_nothing(), "the people are not known yet");
    assert!(client.flash().contains("not loaded yet"));
    client.press("esc A");
    assert!(client.model.overlay.is_some());
    let mut client = Client::live();
    client.press("M");
    client.answer_all(usual);
    client.press("down down");
    client.stream(people_event());
    let (request, load) = client.loads().pop().expect("they are asked for again");
    assert_eq!(load, Load::Users);
    // Somebody whose name comes first: every row moves down by one.
    let ada = UserOut {
        id: watchfire_shared::ids::UserId(uuid::Uuid::from_u128(9)),
        name: "ada".to_owned(),
        ..me()
    };
    let robin_out = UserOut { id: robin().id, name: robin().name, ..me() };
    let items = vec![me(), robin_out, ada];
    client.done(request, Outcome::Users(Page { items, next_cursor: None }));
    client.press("enter");
    let sent = patch(client.command().1);
    assert_eq!(sent.assigned_to, Field::Set(robin().id));
}

#[test]
fn nobody_else_is_chosen_when_who_was_chosen_is_gone() {
    let mut client = Client::live();
    client.press("M");
    client.answer_all(usual);
    client.press("down down");
    client.stream(people_event());
    client.answer_all(|_| Some(Outcome::Users(Page { items: vec![me()], next_cursor: None })));
    client.press("enter");
    assert!(client.sends_nothing());
    assert!(client.flash().contains("not active any more"), "{}", client.flash());
}

#[test]
fn the_priority_is_chosen_against_what_the_picker_showed() {
    let mut client = Client::live();
    client.press("p");
    // Meanwhile somebody else changes it: the person chose against critical.
    let changed = next(&incidents()[0], |i| i.priority = Priority::Low);
    let fact = watchfire_shared::event::Fact::IncidentUpdated {
        incident: changed,
        changes: std::collections::BTreeMap::default(),
    };
    client.stream(StreamEvent::Event(Box::new(told(fact, actor("robin"), 0))));
    client.press("j enter");
    let sent = patch(client.command().1);
    assert_eq!(sent.priority, Field::Set(Priority::High));
    assert_eq!(sent.expect.expect("expects").priority, Some(Priority::Critical));
}

#[test]
fn a_refusal_says_who_changed_what_and_when() {
    let mut client = Client::live();
    client.press("a");
    let (request, _) = client.command();
    let mut problem = Problem::new(Code::ExpectationFailed, "It is not as you expected.", "r");
    problem.errors.push(FieldError {
        actual: Some(serde_json::json!("resolved")),
        changed_by: Some(actor("robin")),
        changed_at: Some(ago(12)),
        version: Some(4),
        ..FieldError::new("status", "expected open, but it is resolved")
    });
    let failure = Failure {
        problem: Some(Box::new(problem)),
        ..Failure::new(FailureKind::Refused, "It is not as you expected")
    };
    client.done(request, Outcome::Failed(failure));
    let said = "INC-204 investigate refused: status is resolved now, by robin 12s ago";
    assert_eq!(client.flash(), said);
    assert!(client.screen().contains(said), "{}", client.screen());
    // The truth is asked for, and the refusal stays in the command log.
    let loads = client.loads();
    assert!(loads.iter().any(|(_, load)| *load == Load::Incident(id(204))));
    client.wait(20_000);
    client.resize(100, 24);
    client.press("@");
    assert!(client.screen().contains(said), "{}", client.screen());
}

#[test]
fn a_command_without_an_answer_says_what_to_do() {
    for (kind, words) in [
        (FailureKind::Offline, "not sent"),
        (FailureKind::TimedOut, "it may have happened"),
        (FailureKind::Unavailable, "it may have happened"),
    ] {
        let mut client = Client::live();
        client.press("a");
        let (request, _) = client.command();
        let failure = Failure::new(kind, "watchfired does not answer");
        client.done(request, Outcome::Failed(failure));
        assert!(client.flash().contains(words), "{}", client.flash());
        assert!(!client.model.commands.is_pending(id(204), Cell::Status));
    }
}

#[test]
fn acting_on_old_data_says_so() {
    let mut client = Client::live();
    client.wait(20_000);
    client.press("a");
    assert_eq!(client.flash(), "INC-204 investigate sent, but what you see is 20 s old");
    client.command();
}

#[test]
fn a_viewer_is_told_and_nothing_is_sent() {
    let mut client = Client::new();
    client.answer_all(|load| match load {
        Load::Me => Some(Outcome::Me(UserOut { role: Role::Viewer, ..me() })),
        other => usual(other),
    });
    for key in ["a", "m", "p", "n", "N", "M"] {
        client.press(key);
        assert!(client.sends_nothing(), "{key}");
        assert!(client.flash().contains("only read"), "{key}");
    }
}

#[test]
fn who_is_made_a_responder_may_act_from_then_on() {
    let mut client = Client::new();
    let viewer = |load: &Load| match load {
        Load::Me => Some(Outcome::Me(UserOut { role: Role::Viewer, ..me() })),
        other => usual(other),
    };
    client.stream(hello());
    client.answer_all(viewer);
    assert!(!client.screen().contains("new incident"), "{}", client.screen());
    client.press("a");
    assert!(client.sends_nothing());
    client.stream(people_event());
    client.answer_all(usual);
    client.press("a");
    client.command();
}

#[test]
fn the_question_before_an_incident_is_closed_leaves_with_the_next_key() {
    let mut client = Client::live();
    let resolved = client.model.list.rows.iter().position(|row| *row == id(201)).unwrap();
    client.press("g");
    (0..resolved).for_each(|_| client.press("j"));
    client.press("c");
    assert!(client.flash().contains("again closes INC-201"), "{}", client.flash());
    client.press("j");
    assert_eq!(client.flash(), "");
    client.press("k c");
    assert!(client.flash().contains("again closes INC-201"), "{}", client.flash());
    client.press("c");
    client.command();
}

#[test]
fn a_comment_is_written_and_sent() {
    let mut client = Client::live();
    client.press("n");
    client.type_text("rolling back? yes, q");
    client.event(Event::Key(KeyInput { alt: true, ..KeyInput::plain(KeyCode::Enter) }));
    client.type_text("now");
    client.press("enter");
    let (request, command) = client.command();
    let Command::Comment { id: about, body } = command else {
        panic!("not a comment");
    };
    assert_eq!((about, body.body.as_str()), (id(204), "rolling back? yes, q\nnow"));
    client.done(
        request,
        Outcome::Commented(Box::new(Comment {
            id: watchfire_shared::ids::CommentId(uuid::Uuid::from_u128(1)),
            incident_id: about,
            body: body.body,
            author: actor("dana"),
            created_at: client.now,
            version: 2,
        })),
    );
    assert_eq!(client.flash(), "INC-204 comment sent");
}

#[test]
fn no_comment_is_lost_neither_by_esc_nor_by_failure() {
    let mut client = Client::live();
    client.press("n");
    client.type_text("half a thought");
    client.press("esc j n");
    assert!(!client.screen().contains("half a thought"));
    client.press("esc k n");
    assert!(client.screen().contains("half a thought"));
    client.press("enter");
    let (request, _) = client.command();
    client.done(request, Outcome::Failed(offline()));
    client.press("n");
    assert!(client.screen().contains("half a thought"));
}

#[test]
fn an_empty_comment_is_not_sent() {
    let mut client = Client::live();
    client.press("n enter");
    assert!(client.sends_nothing());
    assert!(client.screen().contains("A comment must not be empty"));
}

#[test]
fn a_new_incident_is_created_and_selected() {
    let mut client = Client::live();
    client.press("N");
    client.type_text("Disk? Full.");
    client.press("tab right tab");
    client.type_text("storage");
    client.press("left enter");
    let (request, command) = client.command();
    let Command::Create(new) = command else {
        panic!("not a creation");
    };
    assert_eq!(new.title, "Disk? Full.");
    assert_eq!(new.priority, Priority::Low);
    assert_eq!(new.service, "storage");
    client.press("enter");
    assert!(client.sends_nothing(), "once is enough");
    let created = Incident { created_at: client.now, ..incident(300, "Disk? Full.") };
    client.done(request, Outcome::Changed(Box::new(created)));
    assert_eq!(client.selected(), "INC-300");
    assert!(client.model.overlay.is_none());
}

/// A form sent with this title, and its request.
fn sent_form(client: &mut Client, title: &str) -> crate::effect::RequestId {
    client.press("N");
    client.type_text(title);
    client.press("enter");
    client.command().0
}

#[test]
fn the_answer_to_a_create_leaves_another_form_and_the_cursor_alone() {
    let mut client = Client::live();
    let request = sent_form(&mut client, "First");
    client.press("esc N");
    client.type_text("Second");
    let created = Incident { created_at: client.now, ..incident(300, "First") };
    client.done(request, Outcome::Changed(Box::new(created.clone())));
    assert!(client.screen().contains("Second"));
    assert_eq!(client.selected(), "INC-204");
    assert_eq!(client.flash(), "INC-300 created");
    // Typed on after it was sent: that is another form too.
    client.press("enter");
    let (request, _) = client.command();
    client.type_text(", and more");
    client.done(request, Outcome::Changed(Box::new(Incident { id: id(301), ..created })));
    assert!(client.screen().contains("Second, and more"));
    assert_eq!(client.selected(), "INC-204");
}

#[test]
fn a_new_incident_left_before_it_failed_is_there_again() {
    let mut client = Client::live();
    let request = sent_form(&mut client, "Disk full");
    client.press("esc N");
    assert!(!client.screen().contains("Disk full"));
    client.press("esc");
    client.done(request, Outcome::Failed(offline()));
    client.press("N");
    assert!(client.screen().contains("Disk full"));
    // And so is one that was begun and left.
    client.press("esc N");
    assert!(client.screen().contains("Disk full"));
}

#[test]
fn a_comment_given_back_joins_the_one_being_written() {
    let mut client = Client::live();
    client.press("n");
    client.type_text("first thought");
    client.press("enter");
    let (request, _) = client.command();
    client.press("n");
    client.type_text("second thought");
    client.done(request, Outcome::Failed(offline()));
    client.press("esc n");
    let screen = client.screen();
    assert!(screen.contains("first thought") && screen.contains("second thought"), "{screen}");
}

#[test]
fn a_refused_new_incident_keeps_what_was_typed() {
    let mut client = Client::live();
    client.press("N enter");
    assert!(client.sends_nothing());
    assert!(client.screen().contains("must not be empty"));
    client.type_text("Title");
    client.press("enter");
    let (request, _) = client.command();
    let mut problem = Problem::new(Code::Validation, "A value is not allowed.", "r");
    problem.errors.push(FieldError::new("service", "is not known here"));
    let failure = Failure {
        problem: Some(Box::new(problem)),
        ..Failure::new(FailureKind::Refused, "A value is not allowed")
    };
    client.done(request, Outcome::Failed(failure));
    client.wait(20_000);
    let screen = client.screen();
    assert!(screen.contains("Title") && screen.contains("is not known here"), "{screen}");
}

#[test]
fn signing_in_again_when_the_daemon_forgot_us() {
    let mut client = Client::live();
    client.press("a");
    let (request, _) = client.command();
    let failure = Failure::new(FailureKind::Unauthenticated, "The sign-in has expired.");
    client.done(request, Outcome::Failed(failure));
    assert!(client.screen().contains("The sign-in has expired."));
    client.type_text("q?");
    client.press("enter");
    client.type_text("correct horse");
    assert!(!client.screen().contains("horse"));
    client.press("enter");
    let Some(Effect::SignIn { request, email, password }) = client.take().pop() else {
        panic!("no sign-in");
    };
    assert_eq!((email.as_str(), password.0.as_str()), ("q?", "correct horse"));
    assert!(!format!("{password:?}").contains("horse"));
    let wrong = Failure::new(FailureKind::Unauthenticated, "no");
    client.done(request, Outcome::Failed(wrong));
    assert!(client.screen().contains("do not belong together"));
    client.type_text("right this time");
    client.press("enter");
    let Some(Effect::SignIn { request, .. }) = client.take().pop() else {
        panic!("no sign-in");
    };
    client.done(request, Outcome::SignedIn);
    assert!(client.model.sign_in.is_none());
    let loads: Vec<Load> = client.loads().into_iter().map(|(_, load)| load).collect();
    assert!(loads.contains(&Load::Me) && loads.contains(&Load::Counts));
}

#[test]
fn who_leaves_is_told_what_was_not_answered_and_what_was_refused_meanwhile() {
    let mut client = Client::live();
    client.press("m");
    let (seen, _) = client.command();
    client.done(seen, Outcome::Failed(offline()));
    client.press("a");
    let (refused, _) = client.command();
    client.press("j r");
    client.command();
    client.press("j a");
    let (done, _) = client.command();
    let unseen = client.model.commands.open();
    let failure = Failure::new(FailureKind::Refused, "It is not as you expected");
    client.done(refused, Outcome::Failed(failure));
    let changed = next(&incidents()[2], |i| i.status = Status::Investigating);
    client.done(done, Outcome::Changed(Box::new(changed)));
    assert_eq!(
        client.model.commands.left_open(&unseen),
        [
            "INC-204 investigate refused: It is not as you expected",
            "INC-203 resolve: no answer before the end, it may or may not have happened",
        ]
    );
}

#[test]
fn a_password_goes_into_the_form_that_asks_for_it_whatever_lies_below() {
    for keys in ["N", "7 a", "n", "t", "/", ":"] {
        let mut client = Client::live();
        client.press(keys);
        client.answer_all(usual);
        client.type_text("draft");
        client.take();
        let reason = "The sign-in has ended".to_owned();
        client.stream(StreamEvent::Unauthenticated { reason });
        client.type_text("dana");
        client.press("tab");
        client.type_text("horse");
        client.event(Event::Paste("battery".to_owned()));
        client.press("backspace enter");
        let sent = client.take().pop();
        let Some(Effect::SignIn { request, email, password }) = sent else {
            panic!("{keys}: no sign-in: {sent:?}");
        };
        assert_eq!((email.as_str(), password.0.as_str()), ("dana", "horsebatter"), "{keys}");
        client.done(request, Outcome::SignedIn);
        assert!(!client.screen().contains("dana horse"), "{keys}");
        assert!(!client.screen().contains("horse"), "{keys}: {}", client.screen());
    }
}
