//! Log lines in little memory. The texts of many lines stand in one buffer, a page; a line itself is
//! a record of fixed size that says where in it. Lines come and go at both ends, whole pages at a
//! time, and keep their numbers while they are held.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use chrono::{DateTime, Utc};
use serde_json::Value;
use watchfire_shared::ids::{IncidentId, LogEntryId};
use watchfire_shared::log::{Level, LogEntry};

/// A page that holds this much text takes no further line.
const PAGE_BYTES: usize = 256 * 1024;
/// Bytes kept of one message, and of its fields: sixteen times what the daemon takes.
const TEXT_MAX: usize = 1024 * 1024;
/// Bytes kept of a source.
const SOURCE_MAX: usize = 1024;

/// One line, as the view needs it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line<'a> {
    /// Its place in the pane; the next line has the next number.
    pub number: i64,
    /// Its number within its incident.
    pub seq: i64,
    pub incident: IncidentId,
    pub at: DateTime<Utc>,
    pub level: Level,
    pub source: &'a str,
    pub message: &'a str,
    /// `attempt=3  host=i-a`.
    pub fields: &'a str,
}

/// 32 bytes.
#[derive(Debug, Clone, Copy)]
struct Record {
    seq: i64,
    /// Microseconds.
    at: i64,
    /// Where its text begins in the page: source, message, fields.
    start: u32,
    message: u32,
    /// Place among `incidents`.
    incident: u32,
    source: u16,
    level: Level,
}

#[derive(Debug)]
struct Page {
    /// Number of its first line.
    first: i64,
    first_id: LogEntryId,
    last_id: LogEntryId,
    text: String,
}

#[derive(Debug, Default)]
pub struct Lines {
    records: VecDeque<Record>,
    /// The oldest first; none is empty.
    pages: VecDeque<Page>,
    /// Number of the first line held.
    first: i64,
    incidents: Vec<IncidentId>,
    places: HashMap<IncidentId, u32>,
    bytes: usize,
    /// Microseconds of the earliest and the latest line there was.
    span: Option<(i64, i64)>,
    /// Lines looked at, for tests that count work.
    #[cfg(test)]
    pub looked: std::cell::Cell<usize>,
}

impl Lines {
    pub fn len(&self) -> usize {
        self.records.len()
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Numbers of the lines held.
    pub fn numbers(&self) -> Range<i64> {
        self.first..self.first + as_number(self.records.len())
    }

    /// Bytes of text held.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The earliest and the latest time among the lines.
    pub fn span(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        self.span.map(|(from, to)| (time(from), time(to)))
    }

    pub fn get(&self, number: i64) -> Option<Line<'_>> {
        #[cfg(test)]
        self.looked.set(self.looked.get() + 1);
        let index = self.index(number)?;
        let record = self.records.get(index)?;
        let at = self.pages.partition_point(|page| page.first <= number).checked_sub(1)?;
        let page = self.pages.get(at)?;
        let start = record.start as usize;
        let message = start + usize::from(record.source);
        let fields = message + record.message as usize;
        let end = match self.pages.get(at + 1) {
            Some(next) if next.first == number + 1 => page.text.len(),
            _ => self.records.get(index + 1).map_or(page.text.len(), |next| next.start as usize),
        };
        Some(Line {
            number,
            seq: record.seq,
            incident: self.incidents.get(record.incident as usize).copied()?,
            at: time(record.at),
            level: record.level,
            source: page.text.get(start..message)?,
            message: page.text.get(message..fields)?,
            fields: page.text.get(fields..end)?,
        })
    }

    pub fn level(&self, number: i64) -> Option<Level> {
        self.records.get(self.index(number)?).map(|record| record.level)
    }

    pub fn seq(&self, number: i64) -> Option<i64> {
        self.records.get(self.index(number)?).map(|record| record.seq)
    }

    /// 0 when no line is held.
    pub fn last_seq(&self) -> i64 {
        self.records.back().map_or(0, |record| record.seq)
    }

    pub fn first_seq(&self) -> Option<i64> {
        self.records.front().map(|record| record.seq)
    }

    pub fn first_id(&self) -> Option<LogEntryId> {
        self.pages.front().map(|page| page.first_id)
    }

    pub fn last_id(&self) -> Option<LogEntryId> {
        self.pages.back().map(|page| page.last_id)
    }

    /// The last line whose number within its incident is at most this; for the lines of one incident.
    pub fn with_seq(&self, seq: i64) -> Option<i64> {
        let at = self.records.partition_point(|record| record.seq <= seq).checked_sub(1)?;
        Some(self.first + as_number(at))
    }

    /// Time and level of lines.
    pub fn levels(&self, numbers: Range<i64>) -> impl Iterator<Item = (i64, Level)> {
        let from = self.index(numbers.start).unwrap_or(self.len());
        let to = self.index(numbers.end).unwrap_or(self.len()).max(from);
        self.records.range(from..to).map(|record| (record.at, record.level))
    }

    /// Puts lines behind the last one.
    pub fn append(&mut self, entries: &[LogEntry]) {
        for entry in entries {
            let number = self.numbers().end;
            if self.pages.back().is_none_or(|page| page.text.len() >= PAGE_BYTES) {
                if let Some(full) = self.pages.back_mut() {
                    full.text.shrink_to_fit();
                }
                self.pages.push_back(Page::new(number, entry));
            }
            let incident = self.place(entry.incident_id);
            if let Some(page) = self.pages.back_mut() {
                let record = page.push(entry, incident);
                self.bytes += page.text.len() - record.start as usize;
                self.records.push_back(record);
            }
            self.widen(entry);
        }
    }

    /// Puts lines, the newest of them last, before the first one.
    pub fn prepend(&mut self, entries: &[LogEntry]) {
        let Some(oldest) = entries.first() else {
            return;
        };
        self.first -= as_number(entries.len());
        let mut pages = vec![Page::new(self.first, oldest)];
        let mut records = Vec::with_capacity(entries.len());
        for (number, entry) in (self.first..).zip(entries) {
            if pages.last().is_none_or(|page| page.text.len() >= PAGE_BYTES) {
                pages.push(Page::new(number, entry));
            }
            let incident = self.place(entry.incident_id);
            if let Some(page) = pages.last_mut() {
                let record = page.push(entry, incident);
                self.bytes += page.text.len() - record.start as usize;
                records.push(record);
            }
            self.widen(entry);
        }
        for record in records.into_iter().rev() {
            self.records.push_front(record);
        }
        for mut page in pages.into_iter().rev() {
            page.text.shrink_to_fit();
            self.pages.push_front(page);
        }
    }

    /// How many lines the first page holds, where there is another one.
    pub fn first_page(&self) -> Option<Range<i64>> {
        let next = self.pages.get(1)?;
        Some(self.first..next.first)
    }

    /// How many lines the last page holds, where there is another one.
    pub fn last_page(&self) -> Option<Range<i64>> {
        let last = self.pages.back().filter(|_| self.pages.len() > 1)?;
        Some(last.first..self.numbers().end)
    }

    pub fn drop_first_page(&mut self) {
        if let (Some(numbers), Some(page)) = (self.first_page(), self.pages.pop_front()) {
            self.records.drain(..as_count(numbers.end - numbers.start));
            self.first = numbers.end;
            self.bytes = self.bytes.saturating_sub(page.text.len());
        }
    }

    pub fn drop_last_page(&mut self) {
        if let (Some(numbers), Some(page)) = (self.last_page(), self.pages.pop_back()) {
            self.records.truncate(as_count(numbers.start - self.first));
            self.bytes = self.bytes.saturating_sub(page.text.len());
        }
    }

    fn index(&self, number: i64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.first)?).ok()
    }

    fn place(&mut self, incident: IncidentId) -> u32 {
        let next = u32::try_from(self.incidents.len()).unwrap_or(u32::MAX);
        *self.places.entry(incident).or_insert_with(|| {
            self.incidents.push(incident);
            next
        })
    }

    fn widen(&mut self, entry: &LogEntry) {
        let at = entry.occurred_at.timestamp_micros();
        let (from, to) = self.span.unwrap_or((at, at));
        self.span = Some((from.min(at), to.max(at)));
    }
}

impl Page {
    fn new(first: i64, entry: &LogEntry) -> Self {
        Self { first, first_id: entry.id, last_id: entry.id, text: String::new() }
    }

    fn push(&mut self, entry: &LogEntry, incident: u32) -> Record {
        let start = self.text.len();
        let source = cut(&entry.source, SOURCE_MAX);
        let message = cut(&entry.message, TEXT_MAX);
        self.text.push_str(source);
        self.text.push_str(message);
        let fields = self.text.len();
        for (name, value) in &entry.fields {
            if self.text.len() > fields {
                self.text.push_str("  ");
            }
            self.text.push_str(name);
            self.text.push('=');
            match value {
                Value::String(text) => self.text.push_str(text),
                other => self.text.push_str(&other.to_string()),
            }
            if self.text.len() - fields > TEXT_MAX {
                let end = fields + cut(&self.text[fields..], TEXT_MAX).len();
                self.text.truncate(end);
                break;
            }
        }
        self.last_id = entry.id;
        // A page ends before it comes near these bounds.
        Record {
            seq: entry.seq,
            at: entry.occurred_at.timestamp_micros(),
            start: u32::try_from(start).unwrap_or(u32::MAX),
            message: u32::try_from(message.len()).unwrap_or(0),
            incident,
            source: u16::try_from(source.len()).unwrap_or(0),
            level: entry.level,
        }
    }
}

fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

fn time(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

pub fn as_number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub fn as_count(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}
