//! What the next person needs to know of a shift.

use chrono::{DateTime, Utc};
use watchfire_shared::incident::{Incident, Status};

use super::client::Client;
use super::world::*;
use crate::effect::{Effect, Load};
use crate::event::{Failure, FailureKind, Outcome};
use crate::handover::{Entry, Said, Scope, Shift};
use crate::keymap::Context;

/// A shift of ordinary variety.
pub fn shift(since: DateTime<Utc>) -> Shift {
    let said = |text: &str| Said { by: "dana".to_owned(), at: ago(60), text: text.to_owned() };
    let (over, open): (Vec<_>, Vec<_>) =
        incidents().into_iter().partition(|incident| incident.status == Status::Resolved);
    let entry = |incident: Incident| {
        let comment = (incident.reference.0 == 204).then(|| said("rolling back 1.42\nthe pool"));
        Entry { incident, comment }
    };
    let (open, over) =
        (open.into_iter().map(entry).collect(), over.into_iter().map(entry).collect());
    Shift { scope: Scope::Shift, since, as_of: clock(), open, over, cut: false }
}

fn read() -> Client {
    let mut client = Client::live();
    client.press(":");
    client.type_text("handover");
    client.press("enter");
    client.answer_all(usual);
    client
}

#[test]
fn it_says_what_is_open_what_ended_and_as_of_when() {
    let client = read();
    insta::assert_snapshot!("handover", client.screen());
    let text = shift(ago(12 * 3600)).markdown("http://127.0.0.1:4911");
    insta::assert_snapshot!("handover_markdown", text);
}

#[test]
fn on_a_wide_screen_and_on_a_narrow_one() {
    let mut client = read();
    client.resize(200, 60);
    insta::assert_snapshot!("handover_200", client.screen());
    client.resize(44, 14);
    client.press("G");
    insta::assert_snapshot!("handover_narrow", client.screen());
    for size in [(0, 0), (1, 1), (3, 2)] {
        client.resize(size.0, size.1);
        client.press("G k");
    }
}

#[test]
fn it_goes_to_the_clipboard_and_to_a_file() {
    let mut client = read();
    client.take();
    client.press("y w");
    let effects = client.take();
    let Some(Effect::Copy(copied)) = effects.first() else { panic!("{effects:?}") };
    assert!(copied.starts_with("# Handover, 2026-03-14 06:45 UTC to 2026-03-14 18:45 UTC"));
    let Some(Effect::Save { request, name, text }) = effects.get(1) else { panic!("{effects:?}") };
    assert_eq!((name.as_str(), text), ("handover-2026-03-14-1845.md", copied));
    client.done(*request, Outcome::Saved("/tmp/handover.md".to_owned()));
    assert_eq!(client.flash(), "Written to /tmp/handover.md");
    client.press("w");
    let Some(Effect::Save { request, .. }) = client.take().pop() else { panic!("no file") };
    let failure = Failure::new(FailureKind::Offline, "a.md is there already and stays as it is");
    client.done(request, Outcome::Failed(failure));
    assert_eq!(client.flash(), "a.md is there already and stays as it is");
}

#[test]
fn another_span_is_read_anew_and_said() {
    let mut client = read();
    assert!(client.screen().contains("Handover, the last 12 hours"), "{}", client.screen());
    let asked = |client: &mut Client| match client.loads().as_slice() {
        [(_, Load::Handover { since })] => (clock() - *since).num_hours(),
        [(_, Load::HandoverOf { since, ids })] if ids.len() == 2 => (clock() - *since).num_hours(),
        other => panic!("{other:?}"),
    };
    client.take();
    client.press("-");
    assert!(client.screen().contains("Reading what happened in the last 8 hours"));
    assert_eq!(asked(&mut client), 8);
    for (wanted, words) in [(12, "12 hours"), (24, "24 hours"), (48, "2 days")] {
        client.press("+");
        assert_eq!(asked(&mut client), wanted);
        assert!(client.screen().contains(&format!("the last {words}")), "{}", client.screen());
    }
    client.press("y");
    assert!(client.take().is_empty(), "what was read before is of another shift");
    client.press("esc space space H");
    assert_eq!(asked(&mut client), 48, "it stays for the session");
    assert!(client.screen().contains("of 2 marked incidents, the last 2 days"));
    client.press("-");
    assert_eq!(asked(&mut client), 24, "the same incidents");
    client.press("+ + +");
    client.take();
    client.press("+");
    assert!(client.flash().contains("longest"), "{}", client.flash());
    assert!(client.take().is_empty());
}

#[test]
fn an_old_one_is_never_handed_over() {
    let mut client = read();
    client.press("esc :");
    client.press("enter");
    assert_eq!(client.model.context(), Context::Handover, "it was run last");
    client.take();
    client.press("y w");
    assert!(client.take().is_empty());
    assert_eq!(client.flash(), "Nothing written: the shift is not read yet");
}

#[test]
fn what_cannot_be_read_is_told() {
    let mut client = Client::live();
    client.press(":");
    client.type_text("handover");
    client.press("enter");
    client.answer_all(|load| match load {
        Load::Handover { .. } => Some(Outcome::Failed(offline())),
        other => usual(other),
    });
    let screen = client.screen();
    assert!(
        screen.contains("watchfired does not answer on 127.0.0.1:4911; esc closes"),
        "{screen}"
    );
}

#[test]
fn text_from_outside_stays_text_in_markdown() {
    let mut shift = shift(ago(3600));
    shift.open[0].incident.title = "[click](http://evil) <b>\n# Heading\n- item `x`".to_owned();
    shift.open[0].comment = Some(Said {
        by: "da*na".to_owned(),
        at: ago(1),
        text: "\u{1b}[2J\n\n## all clear".to_owned(),
    });
    shift.cut = true;
    let text = shift.markdown("http://h");
    assert!(text.contains("\\[click\\](http://evil) \\<b\\> \\# Heading - item \\`x\\`"), "{text}");
    assert!(text.contains("da\\*na 2026-03-14 18:45 UTC: ␛\\[2J \\#\\# all clear"), "{text}");
    assert!(text.contains("**Not complete**"));
    assert_eq!(text.lines().filter(|line| line.starts_with('#')).count(), 3);
}

#[test]
fn what_was_reopened_or_ended_before_is_not_over() {
    let resolved = &incidents()[3];
    assert!(Shift::ended(ago(3600), resolved));
    assert!(!Shift::ended(ago(60), resolved), "before the shift");
    let reopened = Incident { status: Status::Investigating, ..resolved.clone() };
    assert!(!Shift::ended(ago(3600), &reopened));
}
