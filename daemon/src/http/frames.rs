//! Server-sent events as bytes. An event is written once, however many streams send it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;
use watchfire_shared::event::Event;
use watchfire_shared::ids::EventId;

use super::error::{Error, Result};

/// Events kept for the streams that are a little behind.
const KEPT: usize = 64;

/// The frames of the latest events.
#[derive(Debug, Default)]
pub(super) struct Frames(Mutex<VecDeque<(EventId, Option<i64>, Bytes)>>);

impl Frames {
    pub fn event(&self, event: &Event) -> Result<Bytes> {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |(id, position, _): &&(EventId, Option<i64>, Bytes)| {
            *id == event.event_id && *position == event.position
        };
        if let Some((_, _, bytes)) = latest.iter().rev().find(same) {
            return Ok(bytes.clone());
        }
        let bytes = frame(event.position, event.fact.event_type(), event)?;
        if latest.len() == KEPT {
            latest.pop_front();
        }
        latest.push_back((event.event_id, event.position, bytes.clone()));
        Ok(bytes)
    }
}

/// `id:` is where a reader resumes; a message without one does not move that place.
pub(super) fn frame<T: Serialize>(id: Option<i64>, kind: &str, data: &T) -> Result<Bytes> {
    let mut frame = BytesMut::with_capacity(1024);
    if let Some(id) = id {
        frame.put_slice(format!("id: {id}\n").as_bytes());
    }
    frame.put_slice(format!("event: {kind}\ndata: ").as_bytes());
    // JSON has no bare line break, so the data is one line.
    let mut writer = frame.writer();
    serde_json::to_writer(&mut writer, data).map_err(Error::internal)?;
    let mut frame = writer.into_inner();
    frame.put_slice(b"\n\n");
    Ok(frame.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_a_server_sent_event() {
        let data = serde_json::json!({ "text": "two\nlines\r\n" });
        let bytes = frame(Some(7), "incident.created", &data).expect("serialises");
        assert_eq!(
            bytes,
            "id: 7\nevent: incident.created\ndata: {\"text\":\"two\\nlines\\r\\n\"}\n\n"
        );
        let bytes = frame(None, "heartbeat", &1).expect("serialises");
        assert_eq!(bytes, "event: heartbeat\ndata: 1\n\n");
    }
}
