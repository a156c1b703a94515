//! Log lines of incidents.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use watchfire_shared::event::Fact;
use watchfire_shared::ids::{IncidentRef, LogEntryId};
use watchfire_shared::log::{Level, LogEntry, LogLine, LogsAccepted};
use watchfire_shared::page::Page;
use watchfire_shared::user::{KeySource, Role};

use super::incidents::lock_named;
use super::{Author, Caller, Error, Inner, Result, Who};
use crate::clock;
use crate::store::logs::{Mark, Query};
use crate::store::{incidents, logs, outbox};

/// So many lines at once are a bulk upload, whose end is a fact of its own.
const BULK: usize = 1_000;
/// Sources a fact names, at most.
const SOURCES: usize = 20;

#[derive(Debug, Clone, Default)]
pub struct LogQuery {
    pub min_level: Option<Level>,
    pub q: Option<String>,
    pub source: Option<String>,
    /// The line's number within its incident; across incidents, the line's id.
    pub before: Option<String>,
    pub after: Option<String>,
    /// 1 to 1,000; checked where it is parsed.
    pub limit: u32,
}

impl Inner {
    /// Attaches lines in their order, all or none.
    pub async fn attach_logs(
        &self,
        caller: &Caller,
        which: IncidentRef,
        lines: Vec<LogLine>,
    ) -> Result<LogsAccepted> {
        let may_send = matches!(
            caller.authority.who,
            Who::Key { source: KeySource::Logs | KeySource::Generic, .. }
        );
        if !may_send {
            caller.require(Role::Responder)?;
        }
        if lines.is_empty() {
            return Err(Error::field("lines", "must not be empty"));
        }
        let author = Author::new(self.log_id, caller);
        let begun = Instant::now();
        let written = self.transact(caller, move |tx| {
            Box::pin(async move {
                let mut stored = lock_named(tx, which).await?;
                let id = stored.incident.id;
                let now = stored.next_time();
                let first_seq = stored.incident.log_count + 1;
                let entries: Vec<LogEntry> = lines
                    .into_iter()
                    .zip(first_seq..)
                    .map(|(line, seq)| LogEntry {
                        id: LogEntryId(clock::new_id()),
                        incident_id: id,
                        seq,
                        level: line.level,
                        message: line.message,
                        source: line.source,
                        occurred_at: line.occurred_at.unwrap_or(now),
                        fields: line.fields,
                    })
                    .collect();
                let last_seq = entries.last().map_or(first_seq, |entry| entry.seq);
                let labels = stored.incident.labels.clone();
                stored.incident.log_count = last_seq;
                stored.incident.version += 1;
                stored.last_fact_at = now;
                let attached = Fact::LogAttached {
                    incident: stored.incident.summary(),
                    first_seq,
                    last_seq,
                    counts: counts(&entries),
                    sources: sources(&entries),
                };
                logs::insert(tx, &entries).await?;
                let accepted = last_seq - first_seq + 1;
                let mut facts = vec![author.incident(attached, now)?];
                if entries.len() >= BULK {
                    let batch = stored.incident.batch_completed("logs", accepted, begun.elapsed());
                    facts.push(author.incident(batch, now)?);
                }
                incidents::update(tx, &stored, &labels).await?;
                outbox::append(tx, facts).await?;
                Ok((id, LogsAccepted { accepted, first_seq, last_seq }))
            })
        });
        Ok(written.await?.1)
    }

    /// Lines of one incident, or across all of them; the newest last.
    pub async fn logs(
        &self,
        caller: &Caller,
        which: Option<IncidentRef>,
        asked: LogQuery,
    ) -> Result<Page<LogEntry>> {
        caller.require(Role::Viewer)?;
        let incident = match which {
            Some(which) => Some(self.incident(caller, which, None).await?.id),
            None => None,
        };
        let mark = |field: &str, text: Option<String>| {
            text.map(|text| read_mark(field, &text, incident.is_some())).transpose()
        };
        let query = Query {
            incident,
            min_level: asked.min_level,
            contains: asked.q.filter(|text| !text.is_empty()),
            source: asked.source,
            before: mark("before", asked.before)?,
            after: mark("after", asked.after)?,
            limit: asked.limit.into(),
        };
        let items = logs::page(&self.db, &query).await?;
        let full = i64::try_from(items.len()).is_ok_and(|n| n == query.limit);
        let forwards = query.after.is_some() && query.before.is_none();
        let edge = if forwards { items.last() } else { items.first() };
        let next = edge.filter(|_| full).map(|entry| match incident {
            Some(_) => entry.seq.to_string(),
            None => entry.id.to_string(),
        });
        Ok(Page { items, next_cursor: next })
    }
}

fn read_mark(field: &str, text: &str, by_seq: bool) -> Result<Mark> {
    if by_seq {
        let seq = text.parse().map_err(|_| Error::field(field, "must be a line's seq"))?;
        return Ok(Mark::Seq(seq));
    }
    let id = text.parse().map_err(|_| Error::field(field, "must be a line's id"))?;
    Ok(Mark::Id(id))
}

fn counts(entries: &[LogEntry]) -> BTreeMap<Level, i64> {
    let mut counts = BTreeMap::new();
    for entry in entries {
        *counts.entry(entry.level).or_default() += 1;
    }
    counts
}

fn sources(entries: &[LogEntry]) -> Vec<String> {
    let distinct: BTreeSet<&str> = entries.iter().map(|entry| entry.source.as_str()).collect();
    let named = distinct.into_iter().filter(|source| !source.is_empty());
    named.take(SOURCES).map(str::to_owned).collect()
}
