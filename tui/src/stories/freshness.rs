use std::time::Duration;

use super::client::Client;
use super::world::*;
use crate::effect::{Effect, Load};
use crate::event::{Outcome, StreamEvent};

fn head(client: &Client) -> String {
    client.screen().lines().next().expect("a head").to_owned()
}

#[test]
fn the_head_says_how_old_the_data_is() {
    let mut client = Client::new();
    assert!(head(&client).contains("connecting"));
    client.stream(hello());
    assert!(head(&client).contains("● live"));
    for _ in 0..10 {
        client.wait(5_000);
        client.stream(StreamEvent::Heartbeat { position: 1 });
        assert!(head(&client).contains("● live"));
    }
    client.wait(13_000);
    assert!(head(&client).contains("◌ 13 s old"));
    client.stream(StreamEvent::Lost {
        reason: "connection reset".to_owned(),
        retry_in: Duration::from_secs(3),
    });
    assert!(head(&client).contains("○ offline 13 s, next try 3 s"), "{}", head(&client));
    client.wait(1_000);
    assert!(head(&client).contains("○ offline 14 s, next try 2 s"), "{}", head(&client));
    client.stream(StreamEvent::Connecting);
    assert!(head(&client).contains("trying"));
    client.stream(StreamEvent::Resumed);
    assert!(head(&client).contains("● live"));
}

#[test]
fn resuming_reads_what_is_shown_again() {
    let mut client = Client::opened();
    client.take();
    client.stream(StreamEvent::Resumed);
    let loads: Vec<Load> = client.loads().into_iter().map(|(_, load)| load).collect();
    assert!(loads.iter().any(|load| matches!(load, Load::Incidents { .. })));
    assert!(loads.iter().any(|load| matches!(load, Load::Timeline { .. })));
    assert!(loads.contains(&Load::Counts));
}

#[test]
fn nothing_is_drawn_while_nothing_changes() {
    let only = watchfire_shared::incident::Incident {
        created_at: ago(3 * 3600 + 10),
        ..incident(1, "Old")
    };
    let mut client = Client::new().connected(std::slice::from_ref(&only));
    client.model.take_dirty();
    let mut frames = 0;
    for _ in 0..24 {
        client.wait(5_000);
        client.stream(StreamEvent::Heartbeat { position: 1 });
        client.answer_all(|load| match load {
            Load::Incidents { .. } => Some(page(vec![only.clone()])),
            other => usual(other),
        });
        frames += usize::from(client.model.take_dirty());
    }
    assert_eq!(frames, 0, "in two minutes of heartbeats");
}

#[test]
fn an_age_is_drawn_when_it_changes_and_not_before() {
    let only = watchfire_shared::incident::Incident { created_at: ago(90), ..incident(1, "Young") };
    let mut client = Client::new().connected(&[only]);
    client.stream(StreamEvent::Heartbeat { position: 1 });
    client.model.take_dirty();
    client.wait(10_000);
    client.stream(StreamEvent::Heartbeat { position: 1 });
    client.wait(10_000);
    client.stream(StreamEvent::Heartbeat { position: 1 });
    assert!(!client.model.take_dirty());
    assert!(client.screen().contains(" 1m "));
    client.wait(10_000);
    assert!(client.model.take_dirty());
    assert!(client.screen().contains(" 2m "));
}

#[test]
fn loading_is_said_only_after_a_while() {
    let mut client = Client::new();
    client.wait(150);
    assert!(!client.screen().contains("Loading"));
    client.model.take_dirty();
    client.wait(100);
    assert!(client.model.take_dirty());
    assert!(client.screen().contains("Loading"));
    client.answer_all(usual);
    assert!(!client.screen().contains("Loading"));
}

#[test]
fn an_error_says_what_to_do() {
    let mut client = Client::new();
    client.answer_all(|load| match load {
        Load::Incidents { .. } => Some(Outcome::Failed(offline())),
        other => usual(other),
    });
    let screen = client.screen();
    assert!(screen.contains("watchfired does not answer on 127.0.0.1:4911"));
    assert!(screen.contains("ctrl-r tries now"));
    client.press("ctrl-r");
    assert!(client.take().contains(&Effect::Reconnect));
}

#[test]
fn the_cache_screen_reads_itself_again() {
    let mut client = Client::live();
    client.press("4");
    client.answer_all(usual);
    for _ in 0..3 {
        client.wait(2_100);
        let loads: Vec<Load> = client.loads().into_iter().map(|(_, load)| load).collect();
        assert!(loads.contains(&Load::CacheStats), "{loads:?}");
        client.model.cache.stats.asked = None;
    }
    client.press("1");
    client.wait(2_100);
    assert!(!client.loads().iter().any(|(_, load)| *load == Load::CacheStats));
}

#[test]
fn nothing_is_asked_for_while_nobody_is_signed_in() {
    let mut client = Client::with(|start| start.signed_in = false);
    client.wait(60_000);
    assert!(client.take().is_empty());
    assert_eq!(client.model.wake_at(), None);
}

#[test]
fn a_clock_that_is_set_back_stops_no_timer() {
    let mut client = Client::live();
    client.wait(1_000);
    client.take();
    client.press("r");
    client.now -= chrono::TimeDelta::hours(1);
    client.stream(StreamEvent::Heartbeat { position: 1 });
    assert!(head(&client).contains("● live"));
    client.wait(10_000);
    assert_ne!(client.flash(), "");
    client.wait(6_000);
    assert_eq!(client.flash(), "", "it lasts as long as ever");
    assert!(client.loads().iter().any(|(_, load)| matches!(load, Load::Incidents { .. })));
    assert!(head(&client).contains("s old"), "{}", head(&client));
}

fn lost(retry_in: u64) -> StreamEvent {
    let retry_in = Duration::from_secs(retry_in);
    StreamEvent::Lost { reason: "the connection was cut".to_owned(), retry_in }
}

fn wakes(client: &mut Client) -> usize {
    client.take().into_iter().filter(|effect| *effect == Effect::Wake).count()
}

#[test]
fn a_key_tries_the_connection_at_once_and_a_burst_of_keys_once_a_second() {
    let mut client = Client::live();
    client.press("j");
    assert_eq!(wakes(&mut client), 0, "it is up");
    client.stream(lost(10));
    client.press("r");
    assert_eq!(wakes(&mut client), 1);
    client.press("j j j k");
    assert_eq!(wakes(&mut client), 0);
    client.stream(StreamEvent::Connecting);
    client.wait(1_100);
    client.press("j");
    assert_eq!(wakes(&mut client), 0, "a try is under way");
    client.stream(lost(10));
    client.press("j");
    assert_eq!(wakes(&mut client), 1);
}

#[test]
fn what_takes_long_says_so_after_a_moment_and_for_how_long() {
    let mut client = Client::live();
    client.press("a");
    client.wait(150);
    assert!(!client.screen().contains("INC-204 investigate"), "{}", client.screen());
    client.wait(100);
    assert!(client.screen().contains("… INC-204 investigate"), "{}", client.screen());
    client.wait(3_000);
    insta::assert_snapshot!("slow_command", client.screen());
    client.press("s");
    client.wait(100);
    assert!(!client.screen().contains("loading"));
    client.wait(6_000);
    insta::assert_snapshot!("slow_list", client.screen());
    client.press("j j k");
    assert_eq!(client.selected(), "INC-203", "keys work while it loads");
}
