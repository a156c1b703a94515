//! The events screen: what it hears, what it reads, and how it says that it could not.

use watchfire_shared::event::{Actor, Fact};
use watchfire_shared::incident::Status;
use watchfire_shared::process::{Figures, Process};

use super::client::Client;
use super::plant::*;
use super::world::*;
use crate::effect::Load;
use crate::event::{Outcome, StreamEvent};
use crate::model::feed::LINES_MAX;

fn opened() -> Client {
    let mut client = Client::live();
    client.press("5");
    client.answer_all(busy);
    client
}

fn commented(text: &str) -> StreamEvent {
    let fact = Fact::IncidentCommented {
        incident: next(&incidents()[0], |_| {}),
        comment_id: watchfire_shared::ids::CommentId(uuid::Uuid::from_u128(9)),
        body: text.to_owned(),
    };
    StreamEvent::Event(Box::new(told(fact, actor("robin"), 0)))
}

fn loads(client: &mut Client) -> Vec<Load> {
    client.loads().into_iter().map(|(_, load)| load).collect()
}

#[test]
fn what_happens_shows_at_once_the_newest_below() {
    let mut client = opened();
    assert!(client.screen().contains("Nothing has happened since you came"));
    client.model.take_dirty();
    client.stream(created_event(incident(7, "Queue grows")));
    client.stream(status_event(&incidents()[0], Status::Investigating));
    assert!(client.model.take_dirty());
    let screen = client.screen();
    let line = |text: &str| screen.lines().position(|line| line.contains(text)).expect(text);
    assert_eq!(line("opened, priority medium: Queue grows") + 1, line("investigating"));
    assert!(screen.lines().nth(line("investigating")).expect("there").contains("INC-204"));
    assert!(screen.lines().nth(line("investigating")).expect("there").contains("robin"));
    assert!(screen.lines().nth(line("Queue grows")).expect("there").contains("system"));
}

#[test]
fn what_happened_on_another_screen_is_there_too() {
    let mut client = Client::live();
    client.stream(commented("rolled back"));
    client.press("5");
    client.answer_all(usual);
    assert!(client.screen().contains("commented: rolled back"));
    client.press("1");
    client.model.take_dirty();
    client.stream(commented("once more"));
    assert!(!client.model.take_dirty(), "the list shows no comments");
}

#[test]
fn the_feed_is_bounded_and_what_is_read_stays() {
    let mut client = opened();
    for number in 0..LINES_MAX + 50 {
        client.stream(commented(&format!("number {number}.")));
    }
    assert_eq!(client.model.events.feed.lines().len(), LINES_MAX);
    assert!(client.screen().contains("number 549."));
    client.press("pgup");
    let read = client.screen();
    assert!(!read.contains("number 549.") && read.contains("more ↓"), "{read}");
    client.stream(commented("the latest"));
    let shown = |screen: &str| -> Vec<String> {
        let lines = screen.lines().filter(|line| line.contains("number "));
        lines.map(|line| line.replace(char::is_numeric, "")).collect()
    };
    assert!(!client.screen().contains("the latest"));
    assert_eq!(shown(&client.screen()).len(), shown(&read).len());
    for _ in 0..3 {
        client.press("pgdn");
    }
    assert!(client.screen().contains("the latest"), "it follows again");
    client.stream(commented("the very latest"));
    assert!(client.screen().contains("the very latest"));
}

#[test]
fn a_stream_that_begins_anew_says_what_is_missing() {
    let mut client = opened();
    client.stream(hello());
    assert!(!client.screen().contains("began anew"), "nothing was told yet");
    client.stream(commented("before"));
    client.stream(hello());
    client.stream(hello());
    client.stream(commented("after"));
    assert_eq!(client.screen().matches("began anew").count(), 1);
    client.stream(StreamEvent::Resumed);
    assert_eq!(client.screen().matches("began anew").count(), 1, "nothing was missed");

    let other = watchfire_shared::ids::JournalId(uuid::Uuid::from_u128(78));
    let head = watchfire_shared::event::Hello { log_id: other, position: 1 };
    client.stream(StreamEvent::Resync(head));
    assert!(client.screen().contains("Nothing has happened"), "another past");
}

#[test]
fn the_figures_stand_below_their_arrows() {
    let client = opened();
    let screen = client.screen();
    let line = |text: &str| screen.lines().find(|line| line.contains(text)).expect(text);
    let column = |text: &str, part: &str| {
        let line = line(text);
        line[..line.find(part).expect(part)].chars().count()
    };
    let stations = "committed ─";
    let counts = "12 4s";
    assert!(column(stations, "positioned") < column(counts, "12 4s"));
    assert!(column(counts, "12 4s") < column(stations, "published"));
    assert!(column(stations, "published") < column(counts, "31"), "the lag of both workers");
    assert!(column(counts, "31") < column(stations, "handled"));
    assert!(line("transport").contains("kafka · 41.2/s · led by eu-1:4711 · 2 failed"));
    assert!(line("eu-4:7").contains("lag 28  40.0/s  the broker does not answer"));
    assert!(line("daemons").contains("eu-1:4711, eu-2:12"));
}

#[test]
fn with_the_journal_nothing_needs_to_be_published() {
    let mut client = Client::live();
    client.press("5");
    client.answer_all(usual);
    let screen = client.screen();
    assert!(screen.contains("not needed") && screen.contains("published nowhere"), "{screen}");
    assert!(screen.contains("laptop:311  journal  lag 0"), "{screen}");
}

#[test]
fn nobody_who_handles_is_said_not_shown_as_zero() {
    let mut client = Client::live();
    client.press("5");
    client.answer_all(|load| match load {
        Load::Processes => {
            let mut fleet = alone();
            fleet.items[0].figures = Figures::default();
            Some(Outcome::Processes(fleet))
        }
        other => usual(other),
    });
    let screen = client.screen();
    assert!(screen.contains("none is heard of: nothing is handled"), "{screen}");
    assert!(client.model.events.pipeline.lag().is_none());
}

#[test]
fn it_reads_itself_again_while_it_is_open() {
    let mut client = opened();
    for _ in 0..3 {
        client.wait(2_100);
        let asked = loads(&mut client);
        let letters = |load: &Load| matches!(load, Load::DeadLetters { .. });
        assert!(asked.contains(&Load::Outbox) && asked.contains(&Load::Processes), "{asked:?}");
        assert!(asked.iter().any(letters), "{asked:?}");
        client.model.events.pipeline.outbox.asked = None;
        client.model.events.pipeline.fleet.asked = None;
        client.model.events.letters.read.asked = None;
    }
    client.press("1");
    client.wait(2_100);
    assert!(!loads(&mut client).contains(&Load::Outbox));
}

#[test]
fn figures_that_cannot_be_read_again_say_how_old_they_are() {
    let mut client = opened();
    assert!(!client.screen().contains("s old"));
    client.wait(4_000);
    client.answer_all(|load| match load {
        Load::Outbox | Load::Processes | Load::DeadLetters { .. } => {
            Some(Outcome::Failed(offline()))
        }
        other => usual(other),
    });
    assert_eq!(client.screen().matches("◌ 4 s old: watchfired does not answer").count(), 2);
    client.stream(StreamEvent::Heartbeat { position: 1 });
    client.model.take_dirty();
    client.wait(1_000);
    assert!(client.model.take_dirty());
    assert_eq!(client.screen().matches("◌ 5 s old").count(), 2);
    assert!(client.screen().contains("12 4s"), "they are still there");
    client.wait(1_000);
    client.answer_all(busy);
    assert!(!client.screen().contains("s old"));
}

#[test]
fn an_answer_that_is_late_makes_them_old_too() {
    let mut client = opened();
    client.wait(2_500);
    client.stream(StreamEvent::Heartbeat { position: 1 });
    assert!(!client.screen().contains("s old"), "it was asked just now");
    client.wait(1_000);
    assert_eq!(client.screen().matches("◌ 3 s old").count(), 2, "{}", client.screen());
    client.answer_all(busy);
    assert!(!client.screen().contains("s old"));
}

#[test]
fn what_was_never_read_loads_or_says_why_not() {
    let mut client = Client::live();
    client.press("5");
    client.wait(150);
    assert!(!client.screen().contains("Loading"));
    client.wait(100);
    assert_eq!(client.screen().matches("Loading …").count(), 2);
    client.answer_all(|load| match load {
        Load::Processes | Load::DeadLetters { .. } => Some(Outcome::Failed(offline())),
        other => busy(other),
    });
    let screen = client.screen();
    assert!(screen.contains("Pipeline  not read: watchfired does not answer"), "{screen}");
    assert!(screen.contains("12 4s"), "the outbox was read: {screen}");
    assert!(screen.contains("Dead letters  not read: watchfired"), "{screen}");
    assert!(screen.contains("ctrl-r reload"), "{screen}");
}

#[test]
fn nothing_is_drawn_while_the_figures_stand_still() {
    let mut client = Client::live();
    client.press("5");
    client.answer_all(usual);
    client.model.take_dirty();
    for second in 0..30 {
        client.wait(2_000);
        client.stream(StreamEvent::Heartbeat { position: 1 });
        client.answer_all(|load| match load {
            Load::Processes => {
                let mut fleet = alone();
                let seen = |process: &mut Process| process.seen_at = ago(-2 * second);
                fleet.items.iter_mut().for_each(seen);
                Some(Outcome::Processes(fleet))
            }
            other => usual(other),
        });
        assert!(!client.model.take_dirty(), "after {second}");
    }
}

#[test]
fn a_clock_that_is_set_back_makes_no_figure_young() {
    let mut client = opened();
    client.wait(2_000);
    client.answer_all(|load| match load {
        Load::Outbox => Some(Outcome::Failed(offline())),
        other => busy(other),
    });
    client.wait(5_000);
    client.now -= chrono::TimeDelta::hours(1);
    client.stream(StreamEvent::Heartbeat { position: 1 });
    client.wait(1_000);
    assert!(client.screen().contains("◌ 8 s old"), "{}", client.screen());
}

#[test]
fn the_screen_is_left_like_every_other() {
    let mut client = opened();
    assert!(client.screen().contains("5:events"));
    client.press("esc");
    assert!(client.screen().contains("1:incidents"));
    client.press("5 4");
    assert!(client.screen().contains("4:cache"));
    client.press("5 /");
    assert!(client.model.list.query.editing);
}

#[test]
fn people_are_told_of_as_what_they_are() {
    let mut client = opened();
    client.stream(people_event());
    assert!(client.screen().contains("user     person dana"), "{}", client.screen());
    let mut deleted =
        told(Fact::IncidentDeleted { incident: incident(9, "Gone") }, Actor::system(), 0);
    deleted.actor.name = "root".to_owned();
    client.stream(StreamEvent::Event(Box::new(deleted)));
    assert!(client.screen().contains("INC-9"), "{}", client.screen());
}
