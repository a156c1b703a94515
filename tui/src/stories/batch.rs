//! Actions on the marked incidents.

use watchfire_shared::field::Field;
use watchfire_shared::ids::IncidentId;
use watchfire_shared::incident::{Incident, Priority, Status};
use watchfire_shared::user::{Role, UserOut};

use super::client::Client;
use super::commands::patch;
use super::list::many;
use super::world::*;
use crate::effect::{Command, Effect, Load, RequestId};
use crate::event::{Failure, FailureKind, Outcome};
use crate::model::commands::Tone;

/// The commands among the effects.
fn commands(client: &mut Client) -> Vec<(RequestId, Command)> {
    let sent = client.take().into_iter().filter_map(|effect| match effect {
        Effect::Command { request, command } => Some((request, command)),
        _ => None,
    });
    sent.collect()
}

fn about(command: &Command) -> IncidentId {
    match command {
        Command::Patch { id, .. } | Command::Comment { id, .. } => *id,
        other => panic!("about no incident: {other:?}"),
    }
}

fn done(client: &mut Client, request: RequestId, command: Command) {
    let known = client.model.known.get(about(&command)).expect("known").clone();
    let patch = patch(command);
    let changed = next(&known, |incident| {
        if let Field::Set(status) = patch.status {
            incident.status = status;
        }
    });
    client.done(request, Outcome::Changed(Box::new(changed)));
}

fn refused() -> Outcome {
    Outcome::Failed(Failure::new(FailureKind::Refused, "It is not as you expected"))
}

/// Twenty-three incidents, all marked, all under investigation.
fn storm() -> Client {
    let all: Vec<Incident> = many(1, 24)
        .into_iter()
        .map(|incident| Incident { status: Status::Investigating, ..incident })
        .collect();
    let mut client = Client::new().connected(&all);
    client.press("*");
    client
}

#[test]
fn the_question_lists_what_is_done_and_apart_what_is_not() {
    let mut client = Client::live();
    client.press("* a");
    assert!(client.sends_nothing());
    let screen = client.screen();
    assert!(
        screen.contains("Investigate 3 incidents?") && screen.contains("2 not sent"),
        "{screen}"
    );
    assert!(screen.contains("INC-203  is investigating already"), "{screen}");
    assert!(screen.contains("INC-201  is resolved  "), "{screen}");
    client.press("enter");
    let ids: Vec<IncidentId> = commands(&mut client).iter().map(|(_, c)| about(c)).collect();
    assert_eq!(ids, [id(204), id(199), id(150)]);
    assert_eq!(client.model.marks.len(), 5, "marks stay for the next action");
}

#[test]
fn no_means_that_nothing_happens() {
    let mut client = Client::live();
    client.press("space space a esc");
    assert!(client.sends_nothing());
    assert_eq!(client.model.marks.len(), 2);
    client.press("esc a");
    assert_eq!(about(&client.command().1), id(199), "without marks it is the selected one");
}

#[test]
fn what_changes_while_the_question_stands_is_sent_as_it_was_shown() {
    let mut client = Client::live();
    client.press("space v a");
    client.stream(status_event(&incidents()[0], Status::Resolved));
    assert!(client.screen().contains("changed meanwhile"), "{}", client.screen());
    client.press("enter");
    let sent = patch(commands(&mut client).remove(0).1);
    assert_eq!(sent.expect.expect("a guard").status, Some(Status::Open));
}

#[test]
fn many_go_a_few_at_a_time_and_the_end_is_told_once() {
    let mut client = storm();
    client.press("r");
    client.press("enter");
    let mut waiting = commands(&mut client);
    assert_eq!(waiting.len(), 4);
    assert!(client.screen().contains("resolving 1 of 23"), "{}", client.screen());
    let mut answered = 0;
    while let Some((request, command)) = waiting.pop() {
        answered += 1;
        if answered == 6 || answered == 11 {
            client.done(request, refused());
        } else {
            done(&mut client, request, command);
        }
        waiting.extend(commands(&mut client));
        assert!(waiting.len() <= 4);
        if answered == 6 {
            assert!(client.screen().contains("resolving 7 of 23"), "{}", client.screen());
        }
    }
    assert_eq!(answered, 23);
    assert_eq!(client.flash(), "21 resolved · 2 refused: @ shows why");
    client.wait(20_000);
    client.resize(80, 60);
    client.press("@");
    assert_eq!(client.screen().matches("resolve refused: It is not as").count(), 2);
}

#[test]
fn a_person_is_not_kept_waiting_by_a_batch() {
    let mut client = storm();
    client.press("r");
    client.press("enter");
    assert_eq!(commands(&mut client).len(), 4);
    client.press("esc");
    client.press("m");
    assert_eq!(commands(&mut client).len(), 1, "it goes at once");
    client.press("space p enter enter");
    assert!(client.flash().contains("still resolving"), "{}", client.flash());
}

#[test]
fn a_daemon_in_trouble_is_not_asked_for_the_rest() {
    for (kind, words) in [
        (FailureKind::Offline, "0 resolved · 23 not sent: @ shows why"),
        (FailureKind::TimedOut, "0 resolved · 4 without an answer · 19 not sent: @ shows why"),
    ] {
        let mut client = storm();
        client.press("r");
        client.press("enter");
        for (request, _) in commands(&mut client) {
            client.done(request, Outcome::Failed(Failure::new(kind, "no answer")));
        }
        assert!(commands(&mut client).is_empty());
        assert_eq!(client.flash(), words);
        assert!(client.model.commands.open().is_empty());
        assert_eq!(client.model.shown_flash().expect("a flash").tone, Tone::Bad);
    }
}

#[test]
fn who_leaves_is_told_what_was_not_sent() {
    let mut client = storm();
    client.press("r");
    client.press("enter");
    let unseen = client.model.commands.open();
    crate::update::leave(&mut client.model);
    let told = client.model.commands.left_open(&unseen);
    assert_eq!(told.len(), 23);
    let unsent = told.iter().filter(|text| text.contains("not sent: you left")).count();
    assert_eq!(unsent, 19, "{told:?}");
}

#[test]
fn a_comment_on_many_says_for_how_many_and_is_never_lost() {
    let mut client = Client::live();
    client.press("space space n");
    assert!(client.screen().contains("Comment on 2 marked incidents"), "{}", client.screen());
    client.type_text("same cause");
    client.press("esc n enter");
    assert!(client.screen().contains("Comment on 2 incidents?"), "{}", client.screen());
    client.press("esc n");
    assert!(client.screen().contains("same cause"), "{}", client.screen());
    client.press("enter enter");
    let sent = commands(&mut client);
    assert_eq!(sent.iter().map(|(_, c)| about(c)).collect::<Vec<_>>(), [id(204), id(203)]);
    client.done(sent[0].0, Outcome::Failed(offline()));
    client.press("esc g n");
    assert!(client.screen().contains("same cause"), "{}", client.screen());
}

#[test]
fn priority_and_person_are_chosen_once_for_all() {
    let mut client = Client::live();
    client.press("* p");
    assert!(client.screen().contains("Priority of 5 marked incidents"), "{}", client.screen());
    client.press("g enter");
    assert!(client.screen().contains("Give 4 incidents the priority critical?"));
    client.press("enter");
    let sent = patch(commands(&mut client).remove(0).1);
    assert_eq!(sent.priority, Field::Set(Priority::Critical));
    assert_eq!(sent.expect.expect("a guard").priority, Some(Priority::High));

    let mut client = Client::live();
    client.press("* m");
    assert!(client.screen().contains("Assign 4 incidents to dana?"), "{}", client.screen());
    assert!(client.screen().contains("INC-203  is dana's already"), "{}", client.screen());
}

#[test]
fn where_nothing_can_be_done_nothing_is_asked() {
    let mut client = Client::live();
    client.press("space r");
    assert!(client.model.overlay.is_none());
    assert_eq!(client.flash(), "Nothing to do: INC-204 is open");
    let mut client = Client::new();
    client.answer_all(|load| match load {
        Load::Me => Some(Outcome::Me(UserOut { role: Role::Viewer, ..me() })),
        other => usual(other),
    });
    for key in ["a", "m", "p", "n", "M"] {
        client.press("*");
        client.press(key);
        assert!(client.model.overlay.is_none() && client.flash().contains("only read"), "{key}");
        client.press("esc");
    }
}

#[test]
fn an_opened_incident_stands_for_itself() {
    let mut client = Client::live();
    client.press("space space enter");
    client.answer_all(usual);
    client.press("a");
    assert_eq!(about(&client.command().1), id(199));
}

#[test]
fn where_nothing_can_be_done_no_two_reasons_are_taken_for_one() {
    let taken = |number| Incident { status: Status::Investigating, ..incident(number, "x") };
    let done = |number| Incident { status: Status::Resolved, ..incident(number, "y") };
    let mut client = Client::new().connected(&[taken(9), done(8), done(7)]);
    client.press("j * a");
    assert!(client.sends_nothing());
    let said = "Nothing to do: INC-9 is investigating already, and 2 for other reasons";
    assert_eq!(client.flash(), said);
    client.press("esc g j v j v");
    client.press("esc j space k space a");
    assert!(client.flash().ends_with("is resolved, and 1 more like it"), "{}", client.flash());
}
