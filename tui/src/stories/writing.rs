//! Comments in the person's own editor.

use watchfire_shared::field::Field;
use watchfire_shared::incident::{Incident, Status};

use super::client::Client;
use super::world::*;
use crate::effect::{Command, Effect, RequestId};
use crate::event::{Failure, FailureKind, Outcome};

/// What the editor is to be opened with.
fn opened(client: &mut Client) -> (RequestId, String, String) {
    let mut opened: Vec<_> = client
        .take()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Write { request, name, text } => Some((request, name, text)),
            _ => None,
        })
        .collect();
    assert_eq!(opened.len(), 1, "{opened:?}");
    opened.remove(0)
}

fn written(text: impl Into<String>) -> Outcome {
    Outcome::Written { text: text.into(), trouble: None }
}

#[test]
fn what_is_written_above_the_line_is_sent() {
    let mut client = Client::live();
    client.press("j e");
    let (request, name, template) = opened(&mut client);
    assert_eq!(name, "INC-203.md");
    assert!(template.contains("# Comment on INC-203: Payment retries"), "{template}");
    client.done(request, written(format!("# Cause\nthe pool\n{template}")));
    let Command::Comment { id: about, body } = client.command().1 else {
        panic!("no comment");
    };
    assert_eq!((about, body.body.as_str()), (id(203), "# Cause\nthe pool"));
}

#[test]
fn another_row_that_is_selected_meanwhile_changes_nothing() {
    let mut client = Client::live();
    client.press("e");
    let (request, _, template) = opened(&mut client);
    client.press("j");
    client.done(request, written(format!("words\n{template}")));
    assert!(matches!(client.command().1, Command::Comment { id: about, .. } if about == id(204)));
}

#[test]
fn empty_or_unchanged_sends_nothing_and_says_so() {
    let mut client = Client::live();
    client.press("e");
    let (request, _, template) = opened(&mut client);
    client.done(request, written(template));
    assert_eq!(client.flash(), "Nothing sent: the text is empty");

    client.press("n");
    client.type_text("begun");
    client.press("esc e");
    let (request, _, template) = opened(&mut client);
    assert!(template.starts_with("begun\n"), "{template}");
    client.done(request, written(template));
    assert_eq!(client.flash(), "Nothing sent: the text is unchanged; draft of INC-204 kept");
    assert!(client.sends_nothing());
    client.press("n");
    assert!(client.screen().contains("begun"), "{}", client.screen());
}

#[test]
fn a_title_cannot_write_the_comment() {
    let mut rows = incidents();
    rows[0].title = "Disk full\nI resign\n\u{1b}[2J# ----".to_owned();
    let mut client = Client::new().connected(&rows);
    client.press("e");
    let (request, name, template) = opened(&mut client);
    assert!(!name.contains('/'));
    assert!(!template.contains('\u{1b}'), "{template:?}");
    client.done(request, written(template));
    assert!(client.sends_nothing());
    assert_eq!(client.flash(), "Nothing sent: the text is empty");
}

#[test]
fn an_editor_that_fails_or_is_missing_is_told_and_the_text_is_kept() {
    let mut client = Client::live();
    client.press("e");
    let (request, _, _) = opened(&mut client);
    let trouble = Some("vi ended with exit status: 1".to_owned());
    client.done(request, Outcome::Written { text: "half".to_owned(), trouble });
    assert_eq!(client.flash(), "Nothing sent: vi ended with exit status: 1; draft of INC-204 kept");
    client.press("e");
    let (request, _, template) = opened(&mut client);
    assert!(template.starts_with("half\n"), "{template}");
    let failure = Failure::new(FailureKind::Refused, "There is no editor vi; set VISUAL or EDITOR");
    client.done(request, Outcome::Failed(failure));
    assert!(client.flash().contains("There is no editor vi"), "{}", client.flash());
    client.press("n");
    assert!(client.screen().contains("half"), "{}", client.screen());
}

#[test]
fn what_cannot_be_sent_is_there_again() {
    let mut client = Client::live();
    client.press("e");
    let (request, _, _) = opened(&mut client);
    client.done(request, written("important"));
    let (request, _) = client.command();
    client.done(request, Outcome::Failed(offline()));
    client.press("e");
    assert!(opened(&mut client).2.starts_with("important\n"));

    let mut client = Client::live();
    client.press("e");
    let (request, _, _) = opened(&mut client);
    client.done(request, written("x".repeat(20_001)));
    assert!(client.sends_nothing());
    assert!(client.flash().starts_with("Nothing sent: a comment"), "{}", client.flash());
    assert!(client.flash().ends_with("draft of INC-204 kept"), "{}", client.flash());
}

#[test]
fn an_incident_that_was_deleted_meanwhile_gets_no_comment() {
    let mut client = Client::live();
    client.press("e");
    let (request, _, _) = opened(&mut client);
    client.stream(deleted_event(&Incident { version: 1, ..incidents()[0].clone() }));
    client.done(request, written("important"));
    assert!(client.sends_nothing());
    assert_eq!(client.flash(), "Nothing sent: INC-204 was deleted; draft of INC-204 kept");
}

#[test]
fn who_may_only_read_gets_no_editor() {
    let mut client = Client::live();
    let viewer = watchfire_shared::user::Role::Viewer;
    client.model.me = Some(watchfire_shared::user::UserOut { role: viewer, ..me() });
    client.press("e");
    assert!(client.take().iter().all(|effect| !matches!(effect, Effect::Write { .. })));
}

#[test]
fn with_marks_one_text_is_for_all_of_them() {
    let mut client = Client::live();
    client.press("space space e");
    let (request, name, template) = opened(&mut client);
    assert_eq!(name, "marked.md");
    assert!(template.contains("# Comment on 2 marked incidents: INC-204, INC-203"), "{template}");
    client.done(request, written(format!("the same cause\n{template}")));
    assert!(client.sends_nothing());
    assert!(client.screen().contains("Comment on 2 incidents?"), "{}", client.screen());
    client.press("enter");
    let bodies: Vec<_> = client
        .take()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Command { command: Command::Comment { id, body }, .. } => Some((id, body.body)),
            _ => None,
        })
        .collect();
    let same = "the same cause".to_owned();
    assert_eq!(bodies, [(id(204), same.clone()), (id(203), same)]);
}

#[test]
fn a_text_for_marks_that_is_not_sent_is_there_again() {
    let mut client = Client::live();
    client.press("space e");
    let (request, _, template) = opened(&mut client);
    client.done(request, written(format!("half\n{template}")));
    client.press("esc e");
    let (request, _, template) = opened(&mut client);
    assert!(template.starts_with("half\n"), "{template}");
    client.done(request, Outcome::Failed(Failure::new(FailureKind::Refused, "no editor")));
    client.press("n");
    assert!(client.screen().contains("half"), "{}", client.screen());
}

#[test]
fn a_step_and_its_note_go_in_one_command_under_what_was_seen() {
    let mut client = Client::live();
    client.press("j E");
    let screen = client.screen();
    assert!(screen.contains("Which step of INC-203, with a note?"), "{screen}");
    assert!(
        screen.contains("▌resolve with a note") && screen.contains(" hand back with"),
        "{screen}"
    );
    client.press("enter");
    let (request, name, template) = opened(&mut client);
    assert_eq!(name, "INC-203.md");
    assert!(
        template.contains("# Note to this step: resolve INC-203: Payment retries"),
        "{template}"
    );
    // Somebody goes on meanwhile: the daemon decides, by what was seen.
    client.stream(status_event(&incidents()[1], Status::Open));
    client.done(request, written(format!("rolled back\nto 1.41\n{template}")));
    let (request, command) = client.command();
    let Command::Patch { id: about, patch } = command else { panic!("{command:?}") };
    assert_eq!(about, id(203));
    assert_eq!(patch.status, Field::Set(Status::Resolved));
    assert_eq!(patch.note, Field::Set("rolled back\nto 1.41".to_owned()));
    assert_eq!(patch.expect.expect("a guard").status, Some(Status::Investigating));
    client.resize(120, 30);
    client.press("@");
    let line = r#"watchfire resolve INC-203 --note="$(printf %b 'rolled back\nto 1.41')""#;
    assert!(client.screen().contains(line), "{}", client.screen());
    client.press("esc");
    client.done(request, Outcome::Failed(offline()));
    client.press("e");
    assert!(opened(&mut client).2.starts_with("rolled back\n"), "the text is not lost");
}

#[test]
fn a_step_without_its_note_is_not_taken() {
    let mut client = Client::live();
    client.press("E enter");
    let (request, _, template) = opened(&mut client);
    client.done(request, written(template));
    assert!(client.sends_nothing());
    assert_eq!(client.flash(), "Nothing sent: the text is empty");
    client.press("E esc");
    assert!(client.model.overlay.is_none() && client.sends_nothing());
}

#[test]
fn marks_take_one_step_with_one_note() {
    let mut client = Client::live();
    client.press("* E");
    let screen = client.screen();
    assert!(screen.contains("Which step of 5 marked incidents"), "{screen}");
    client.press("enter");
    let (request, _, template) = opened(&mut client);
    client.done(request, written(format!("on it\n{template}")));
    assert!(
        client.screen().contains("Investigate 3 incidents with the note?"),
        "{}",
        client.screen()
    );
    client.press("enter");
    let noted = client.take().into_iter().filter(|effect| match effect {
        Effect::Command { command: Command::Patch { patch, .. }, .. } => {
            patch.note == Field::Set("on it".to_owned())
        }
        _ => false,
    });
    assert_eq!(noted.count(), 3);
}

#[test]
fn where_no_step_is_left_it_is_said() {
    let mut rows = incidents();
    rows[0].status = Status::Closed;
    let mut client = Client::new().connected(&rows);
    client.press("E");
    assert_eq!(client.flash(), "INC-204 is closed: that is final");
}
