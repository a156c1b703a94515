//! The checker sees what it is there for: each damage to a sound state is reported.

use serde_json::json;
use watchfire_shared::event::Fact;
use watchfire_tests::{Daemon, Engine};

use super::Campaign;
use super::audit::{audit, verify};
use super::ledger::{Ack, Book, Command, Ledger};
use super::stored::Stored;
use super::workload::Workload;

#[tokio::test]
async fn every_damage_is_reported() {
    let daemon = Daemon::start(Engine::Sqlite).await;
    let api = daemon.as_responder().await;
    let ledger = Ledger::new();
    let workload = Workload::prepare(&ledger, &api).await;
    let over = || ledger.book().acknowledged.len() >= 100;
    let end = workload.write_on(&api, Campaign::begin().chance(0), over).await;
    assert!(end.is_none(), "{end:?}");
    let incident = workload.incidents[0];
    for command in [Command::Comment { incident }, Command::Attach { incident, lines: 3 }] {
        ledger.attempt(&api, ledger.write(command)).await;
    }
    let sound = verify(&daemon, &api, &ledger).await;

    let lines = sound.lines[&incident.0].len();
    let last = sound.events.len() - 1;
    damage("a lost event", &sound, &ledger, |stored, _| drop(stored.events.remove(last)));
    damage("a lost event between others", &sound, &ledger, |stored, _| {
        stored.events.remove(last - 1);
    });
    damage("an event twice", &sound, &ledger, |stored, _| {
        stored.events.push(stored.events[last].clone());
    });
    damage("positions against versions", &sound, &ledger, |stored, _| {
        let position = stored.events[last].position;
        stored.events[last].position = stored.events[last - 1].position;
        stored.events[last - 1].position = position;
    });
    damage("a lost row", &sound, &ledger, |stored, _| {
        stored.incidents.remove(&incident.0);
    });
    damage("a row without events", &sound, &ledger, |stored, _| {
        stored.events.retain(|event| event.aggregate != incident.0);
    });
    damage("a row left behind", &sound, &ledger, |stored, _| {
        stored.incidents.get_mut(&incident.0).unwrap().version -= 1;
    });
    damage("a lost line", &sound, &ledger, |stored, _| {
        stored.lines.get_mut(&incident.0).unwrap().pop();
    });
    damage("another line", &sound, &ledger, |stored, _| {
        stored.lines.get_mut(&incident.0).unwrap()[lines - 1].message.push('!');
    });
    damage("half a patch", &sound, &ledger, |stored, book| {
        let half = stored.events.iter().rposition(is_note_of_a_patch(book)).unwrap();
        stored.events[half].request_id = "somebody else".to_owned();
    });
    damage("an effect nobody asked for", &sound, &ledger, |_, book| drop(book.acknowledged.pop()));
    damage("an acknowledged write that is not there", &sound, &ledger, |_, book| {
        let write = ledger.write(Command::Create);
        book.acknowledged.push((write, Ack::Status));
    });
    damage("another answer than the truth", &sound, &ledger, |_, book| {
        book.acknowledged.last_mut().unwrap().1 = Ack::Body(json!({ "first_seq": 0 }));
    });
}

fn is_note_of_a_patch(book: &Book) -> impl Fn(&super::stored::Event) -> bool {
    let patches: Vec<String> = book
        .acknowledged
        .iter()
        .filter(|(write, _)| matches!(write.command, Command::Patch { .. }))
        .map(|(write, _)| write.mark.clone())
        .collect();
    move |event| {
        matches!(event.fact, Fact::IncidentCommented { .. }) && patches.contains(&event.request_id)
    }
}

/// Does something to a copy of a sound state, which must be noticed.
fn damage(what: &str, sound: &Stored, ledger: &Ledger, harm: impl FnOnce(&mut Stored, &mut Book)) {
    let mut stored = sound.clone();
    let mut book = ledger.book().clone();
    harm(&mut stored, &mut book);
    let problems = audit(&stored, &book);
    assert!(!problems.is_empty(), "nobody noticed {what}");
}
