//! What was seen in other clients and must not be seen here.

use std::time::Duration;

use ratatui::style::Modifier;

use super::client::Client;
use super::sizes::{answer, screens};
use super::world::*;
use crate::event::StreamEvent;

#[test]
fn the_head_stays_whatever_is_open_and_however_small_the_screen_is() {
    for (name, client) in &mut screens() {
        for (width, height) in [(80, 24), (200, 60), (40, 10), (80, 5), (30, 3), (12, 24)] {
            client.resize(width, height);
            client.answer_all(answer);
            let screen = client.screen();
            let first = screen.lines().next().unwrap_or_default();
            assert!(first.starts_with(" watchfire"), "{name} at {width}×{height}:\n{screen}");
            let lines = screen.lines().count();
            assert_eq!(lines, usize::from(height), "{name} at {width}×{height}:\n{screen}");
        }
    }
}

#[test]
fn nothing_blinks() {
    let blinking = Modifier::SLOW_BLINK | Modifier::RAPID_BLINK;
    for (name, client) in &mut screens() {
        client.stream(created_event(incident(300, "New and critical")));
        let buffer = client.buffer();
        assert!(!buffer.content().iter().any(|cell| cell.modifier.intersects(blinking)), "{name}");
    }
}

#[test]
fn after_a_restart_old_rows_are_not_shown_as_new() {
    let mut client = Client::live();
    assert!(client.model.list.fresh.is_empty(), "those of the first answer");
    let reason = "connection reset".to_owned();
    client.stream(StreamEvent::Lost { reason, retry_in: Duration::from_secs(1) });
    client.wait(3_000);
    client.stream(hello());
    client.answer_all(usual);
    assert!(client.model.list.fresh.is_empty(), "those that stood there before");
    client.stream(created_event(incident(300, "Opened just now")));
    assert!(client.model.list.is_fresh(id(300), client.now), "and what is new is");
}
