use uuid::Uuid;
use watchfire_shared::field::Field;
use watchfire_shared::ids::CommentId;
use watchfire_shared::incident::{Comment, Incident, Priority, Status};

use super::client::Client;
use super::commands::patch;
use super::world::*;
use crate::effect::{Command, Effect, RequestId};
use crate::event::{Failure, FailureKind, Outcome};

/// Answers a patch as a daemon does that nobody else talks to.
fn done(client: &mut Client, request: RequestId, command: Command) {
    let Command::Patch { id, .. } = &command else {
        panic!("not a patch");
    };
    let known = client.model.known.get(*id).expect("known").clone();
    let patch = patch(command);
    let changed = next(&known, |incident| {
        if let Field::Set(status) = patch.status {
            incident.status = status;
        }
        if let Field::Set(priority) = patch.priority {
            incident.priority = priority;
        }
        if let Field::Set(title) = patch.title {
            incident.title = title;
        }
        match patch.assigned_to {
            Field::Set(_) => incident.assigned_to = Some(robin()),
            Field::Null => incident.assigned_to = None,
            Field::Absent => {}
        }
    });
    client.done(request, Outcome::Changed(Box::new(changed)));
}

fn work(client: &mut Client) -> usize {
    let mut count = 0;
    loop {
        let sent: Vec<_> = client
            .take()
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Command { request, command } => Some((request, command)),
                _ => None,
            })
            .collect();
        if sent.is_empty() {
            return count;
        }
        for (request, command) in sent {
            count += 1;
            done(client, request, command);
        }
    }
}

fn at(status: Status) -> Client {
    let only = Incident { status, assigned_to: Some(robin()), ..incident(1, "Only one") };
    Client::new().connected(&[only])
}

#[test]
fn a_step_is_undone_under_the_guard_of_what_it_had_made() {
    for (from, key, to) in [
        (Status::Open, "a", Status::Investigating),
        (Status::Investigating, "o", Status::Open),
        (Status::Investigating, "r", Status::Resolved),
        (Status::Resolved, "R", Status::Investigating),
    ] {
        let mut client = at(from);
        client.press(key);
        work(&mut client);
        client.press("u");
        let sent = patch(client.command().1);
        assert_eq!(sent.status, Field::Set(from), "{key}");
        assert_eq!(sent.expect.expect("a guard").status, Some(to), "{key}");
    }
}

#[test]
fn priority_person_and_title_go_back_to_what_they_were_one_action_after_the_other() {
    let mut client = at(Status::Open);
    client.press("p g enter");
    work(&mut client);
    client.press("m");
    work(&mut client);
    client.press("t");
    client.type_text(" of many");
    client.press("enter");
    work(&mut client);
    client.press("u");
    let (request, command) = client.command();
    let sent = patch(command.clone());
    assert_eq!(sent.title, Field::Set("Only one".to_owned()));
    assert_eq!(sent.expect.expect("a guard").title.as_deref(), Some("Only one of many"));
    client.press("u");
    assert!(client.sends_nothing() && client.flash().contains("still waiting"));
    done(&mut client, request, command);
    client.press("u");
    let (request, command) = client.command();
    assert_eq!(patch(command.clone()).assigned_to, Field::Set(robin().id));
    done(&mut client, request, command);
    client.press("u");
    assert_eq!(patch(client.command().1).priority, Field::Set(Priority::Medium));
}

#[test]
fn what_lasts_is_said_once_and_then_passed_by() {
    let mut client = at(Status::Resolved);
    client.press("u");
    assert_eq!(client.flash(), "Nothing to undo");
    client.press("p g enter");
    work(&mut client);
    client.press("c c");
    work(&mut client);
    client.press("n");
    client.type_text("all is well");
    client.press("enter");
    let (request, _) = client.command();
    client.done(request, Outcome::Commented(Box::new(comment())));
    for said in [
        "INC-1 comment cannot be undone: what was said stays; once more undoes INC-1 close",
        "INC-1 close cannot be undone: closed is final; once more undoes INC-1 priority critical",
    ] {
        client.press("u");
        assert!(client.sends_nothing());
        assert_eq!(client.flash(), said);
    }
    client.press("u");
    assert_eq!(patch(client.command().1).priority, Field::Set(Priority::Medium));
}

#[test]
fn what_is_done_in_between_is_undone_first() {
    let mut client = at(Status::Resolved);
    client.press("c c");
    work(&mut client);
    client.press("u");
    assert_eq!(client.flash(), "INC-1 close cannot be undone: closed is final");
    client.press("p g enter");
    work(&mut client);
    client.press("u");
    let (request, command) = client.command();
    assert_eq!(patch(command.clone()).priority, Field::Set(Priority::Medium));
    done(&mut client, request, command);
    client.press("u");
    assert_eq!(client.flash(), "Nothing to undo", "it was said of the other already");
}

fn comment() -> Comment {
    Comment {
        id: CommentId(Uuid::from_u128(9)),
        incident_id: id(1),
        body: "all is well".to_owned(),
        author: actor("dana"),
        created_at: clock(),
        version: 9,
    }
}

#[test]
fn what_was_refused_is_no_action_and_what_nobody_knows_is_said() {
    let mut client = at(Status::Open);
    client.press("p g enter");
    work(&mut client);
    client.press("a");
    let (request, _) = client.command();
    client.done(request, Outcome::Failed(Failure::new(FailureKind::Refused, "no")));
    client.press("u");
    assert_eq!(patch(client.command().1).priority, Field::Set(Priority::Medium));

    let mut client = at(Status::Open);
    client.press("a");
    let (request, _) = client.command();
    client.done(request, Outcome::Failed(Failure::new(FailureKind::TimedOut, "no answer")));
    client.press("u");
    assert!(client.sends_nothing());
    assert!(client.flash().contains("nobody knows"), "{}", client.flash());
}

#[test]
fn an_undo_that_was_not_sent_can_be_tried_again_and_hits_nothing_else() {
    let mut client = at(Status::Open);
    client.press("p g enter");
    work(&mut client);
    client.press("a");
    work(&mut client);
    client.press("u");
    let (request, _) = client.command();
    client.done(request, Outcome::Failed(offline()));
    client.press("u");
    assert_eq!(patch(client.command().1).status, Field::Set(Status::Open));
}

#[test]
fn a_batch_is_undone_as_a_batch() {
    let mut client = Client::live();
    client.press("* a");
    client.press("enter");
    assert_eq!(work(&mut client), 3);
    client.press("esc u");
    assert!(client.sends_nothing());
    let screen = client.screen();
    assert!(screen.contains("Undo taking up 3 incidents?"), "{screen}");
    client.press("esc u enter");
    assert_eq!(work(&mut client), 3);
    assert_eq!(client.flash(), "3 undone");
    let known = |number| client.model.known.get(id(number)).expect("known").status;
    assert_eq!([known(204), known(199), known(150)], [Status::Open; 3]);
    assert_eq!(known(203), Status::Investigating, "it was so before");
    client.press("u");
    assert_eq!(client.flash(), "Nothing to undo");
}
