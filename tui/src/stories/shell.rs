//! The lines of the command log are what the command line understands: each goes through a shell
//! and the parser.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use uuid::Uuid;
use watchfire_shared::ids::{DeadLetterId, EventId, UserId};
use watchfire_shared::incident::{NewIncident, Priority, Status};
use watchfire_shared::user::UserRef;

use super::client::Client;
use super::world::*;
use crate::action::Step;
use crate::cli::args::{Arguments, Command as Said, Outbox};
use crate::model::commands::{Deed, Letter, What};
use crate::model::letters::LetterId;

/// What the program would be called with, and what would come from standard input.
fn called(line: &str) -> (Said, String) {
    let script = format!(
        "watchfire() {{ printf '%s\\0' watchfire \"$@\"; [ \"$3\" = - ] && cat; }}\n{line}"
    );
    let output = Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::null())
        .output()
        .expect("there is a shell");
    let mut words: Vec<Vec<u8>> =
        output.stdout.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
    let input = String::from_utf8(words.pop().expect("an end")).expect("UTF-8");
    let words = words.into_iter().map(OsString::from_vec);
    let arguments = Arguments::read(words).unwrap_or_else(|error| panic!("{line}\n{error}"));
    (arguments.command.expect("a command"), input)
}

fn on_incident(deed: Deed) -> What {
    let only = incident(204, "x");
    What { incident: Some((only.id, only.reference)), deed }
}

fn person(name: &str) -> UserRef {
    UserRef { id: UserId(Uuid::from_u128(7)), name: name.to_owned() }
}

/// Whether the line says what was done.
fn is_true(what: &What, line: &str) -> bool {
    let (said, input) = called(line);
    match (&what.deed, said) {
        (Deed::Step(Step::Investigate, note), Said::Ack(verb))
        | (Deed::Step(Step::Resolve, note), Said::Resolve(verb))
        | (Deed::Step(Step::Close, note), Said::Close(verb))
        | (Deed::Step(Step::Reopen, note), Said::Reopen(verb)) => {
            verb.incident.to_string() == "INC-204" && verb.note == *note
        }
        (Deed::Step(Step::HandBack, note), Said::Set(set)) => {
            set.status == Some(Status::Open)
                && set.expect_status == Some(Status::Investigating)
                && set.note == *note
        }
        (Deed::Assess, Said::Assess { incident }) => incident.to_string() == "INC-204",
        (Deed::Priority(to), Said::Set(set)) => set.priority == Some(*to),
        (Deed::Assign(None), Said::Set(set)) => set.assign.as_deref() == Some("none"),
        (Deed::Assign(Some(to)), Said::Set(set)) => {
            let who = set.assign.expect("somebody");
            let is_name = who == to.name && !["me", "none"].contains(&who.as_str());
            is_name || who == to.id.to_string()
        }
        (Deed::Title(to), Said::Set(set)) => set.title.as_ref() == Some(to),
        (Deed::Comment(body), Said::Comment { text, .. }) => {
            if text == "-" {
                *body == input
            } else {
                *body == text
            }
        }
        (Deed::Create(new), Said::New(said)) => {
            said.title == new.title
                && said.priority == new.priority
                && said.service == new.service
                && said.labels.is_empty()
        }
        (Deed::Redrive(letter), Said::Redrive { id }) => letter.id == LetterId::Parked(id),
        (Deed::Redrive(letter), Said::Outbox { what: Some(Outbox::Retry { id }) }) => {
            letter.id == LetterId::Failed(id)
        }
        (Deed::Discard(letter, reason), Said::Discard(said)) => {
            letter.id == LetterId::Parked(said.id) && *reason == said.reason
        }
        _ => false,
    }
}

fn with_text(text: &str) -> Vec<What> {
    let letter = |id| Letter { id, name: "INC-9".to_owned() };
    let parked = LetterId::Parked(DeadLetterId(Uuid::from_u128(3)));
    let failed = LetterId::Failed(EventId(Uuid::from_u128(4)));
    let alone = |deed| What { incident: None, deed };
    let new = NewIncident { service: text.to_owned(), ..NewIncident::titled(text) };
    vec![
        on_incident(Deed::Assign(Some(person(text)))),
        on_incident(Deed::Title(text.to_owned())),
        on_incident(Deed::Comment(text.to_owned())),
        on_incident(Deed::Step(Step::Resolve, Some(text.to_owned()))),
        on_incident(Deed::Step(Step::HandBack, Some(text.to_owned()))),
        alone(Deed::Create(Box::new(new))),
        alone(Deed::Discard(letter(parked), text.to_owned())),
        alone(Deed::Redrive(letter(parked))),
        alone(Deed::Redrive(letter(failed))),
    ]
}

#[test]
fn every_command_has_a_line_that_says_the_same() {
    let steps = Step::ALL.map(|step| on_incident(Deed::Step(step, None)));
    let priorities = Priority::ALL.iter().map(|to| on_incident(Deed::Priority(*to)));
    let texts =
        ["rolled back", "it's $HOME `x` \"y\" \\ !", "-", "--help", "-a:b", "me", "*", "監視"];
    let all = steps
        .into_iter()
        .chain(priorities)
        .chain([on_incident(Deed::Assign(None)), on_incident(Deed::Assess)])
        .chain(texts.into_iter().flat_map(with_text));
    for what in all {
        let line = what.line().unwrap_or_else(|| panic!("no line for {what:?}"));
        assert!(is_true(&what, &line), "{what:?}\n{line}");
    }
}

#[test]
fn a_text_of_several_lines_is_one_line_of_the_shell() {
    let text = || "two\nlines, and a \\n that is none, it's $HOME".to_owned();
    for deed in [Deed::Comment(text()), Deed::Step(Step::Close, Some(text()))] {
        let what = on_incident(deed);
        let line = what.line().expect("a line");
        assert!(!line.contains('\n') && is_true(&what, &line), "{line}");
    }
}

#[test]
fn what_the_screen_cannot_show_as_it_is_has_no_line() {
    for text in ["a\u{1b}[2Jb", "a\u{202e}b", "a\u{200b}b", "a\tb"] {
        assert_eq!(on_incident(Deed::Title(text.to_owned())).line(), None, "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_is_written_the_line_is_true(text in "[ -~é監\n]{1,20}") {
        for what in with_text(text.trim()).into_iter().filter(|_| !text.trim().is_empty()) {
            if let Some(line) = what.line() {
                prop_assert!(is_true(&what, &line), "{:?}\n{}", what, line);
            }
        }
    }
}

#[test]
fn the_command_log_shows_the_line_of_each_entry() {
    let mut client = Client::live();
    client.press("a j n");
    client.type_text("it's the pool");
    client.press("enter");
    client.press("@");
    let screen = client.screen();
    assert!(screen.contains("$ watchfire ack INC-204"), "{screen}");
    assert!(screen.contains(r"$ watchfire comment INC-203 -- 'it'\''s the pool'"), "{screen}");
}
