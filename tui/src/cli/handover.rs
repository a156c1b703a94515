//! `handover`: what the next person needs to know of a shift.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};
use watchfire_shared::event::{Event, Fact};
use watchfire_shared::filter::{Filter, Test};
use watchfire_shared::ids::{IncidentId, IncidentRef};
use watchfire_shared::incident::Incident;
use watchfire_shared::page::{MAX_INCIDENTS, MAX_LINES};

use super::args;
use super::output::Out;
use super::{Done, Exit, Failure};
use crate::client::{Client, ClientError, ErrorKind as Kind, IncidentQuery, TimelineQuery};
use crate::clock;
use crate::handover::{Entry, Said, Scope, Shift};

/// Incidents of each part at most: nobody hands over more.
const INCIDENTS_MAX: usize = 500;
/// Timelines read at the same time.
const AT_ONCE: usize = 4;

pub async fn handover(client: &Client, out: &mut Out, args: &args::Handover) -> Done {
    let now = clock::now();
    let shift = gather(client, now - TimeDelta::seconds(args.since), now).await?;
    let text = shift.markdown(&client.place()?);
    if let Some(file) = &args.file {
        save(file, &text).map_err(|why| Failure::said(Exit::Failed, why))?;
        let open = shift.open.len();
        let line = format!("{}: {open} still open", file.display());
        return Ok(out.line(out.safe(&line).as_str())?);
    }
    if out.json {
        return Ok(out.value(&shift)?);
    }
    for line in out.safe_lines(&text) {
        out.line(line.as_str())?;
    }
    Ok(())
}

/// Writes a file that is not there yet; says why it cannot.
pub fn save(file: &Path, text: &str) -> Result<(), String> {
    let created = OpenOptions::new().write(true).create_new(true).open(file);
    created.and_then(|mut to| to.write_all(text.as_bytes())).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            format!("{} is there already and stays as it is", file.display())
        }
        _ => format!("{} cannot be written: {error}", file.display()),
    })
}

/// Seconds of `12h`, in the units of the query's `age`.
pub fn seconds(text: &str) -> Result<i64, String> {
    let wrong = || format!("{text} is no span of time; it looks like 12h, 90m or 2d");
    let filter: Filter = format!("age:<{text}").parse().map_err(|_| wrong())?;
    match filter.terms() {
        [term] => match term.test {
            Test::Age(_, seconds) if seconds > 0 => Ok(seconds),
            _ => Err(wrong()),
        },
        _ => Err(wrong()),
    }
}

/// Reads a shift: all that is open, and what ended in it.
pub async fn gather(
    client: &Client,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Shift, ClientError> {
    let (open, open_cut) =
        incidents(client, "status:open status:investigating", None, |_| true).await?;
    // Ending one is a change: none of them stands behind the first that did not change since.
    let (ended, over_cut) =
        incidents(client, "status:resolved status:closed", Some("updated"), |i| {
            i.updated_at >= since
        })
        .await?;
    let over: Vec<Incident> = ended.into_iter().filter(|i| Shift::ended(since, i)).collect();
    let cut = open_cut || over_cut;
    let (open, over) = tokio::try_join!(entries(client, open), entries(client, over))?;
    Ok(Shift { scope: Scope::Shift, since, as_of: now, open, over, cut })
}

/// Reads these incidents as they are now; what was deleted is left out.
pub async fn gather_these(
    client: &Client,
    ids: Vec<IncidentId>,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Shift, ClientError> {
    let cut = ids.len() > INCIDENTS_MAX;
    let read: Vec<Option<Incident>> = stream::iter(ids.into_iter().take(INCIDENTS_MAX))
        .map(async |id| match client.incident(&IncidentRef::Id(id)).await {
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            read => read.map(Some),
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let (over, open) = read.into_iter().flatten().partition::<Vec<_>, _>(Shift::is_over);
    let (open, over) = tokio::try_join!(entries(client, open), entries(client, over))?;
    Ok(Shift { scope: Scope::Chosen, since, as_of: now, open, over, cut })
}

/// Incidents in their order as long as they are `wanted`, and whether there are more of them.
async fn incidents(
    client: &Client,
    filter: &str,
    sort: Option<&str>,
    wanted: impl Fn(&Incident) -> bool,
) -> Result<(Vec<Incident>, bool), ClientError> {
    let mut query = IncidentQuery {
        filter: Some(filter.to_owned()),
        sort: sort.map(str::to_owned),
        limit: Some(MAX_INCIDENTS),
        cursor: None,
    };
    let mut all: Vec<Incident> = Vec::new();
    loop {
        let page = client.incidents(&query).await?;
        let all_wanted = page.items.iter().all(&wanted);
        all.extend(page.items.into_iter().take_while(&wanted));
        if page.next_cursor.is_none() || !all_wanted {
            return Ok((all, false));
        }
        if all.len() >= INCIDENTS_MAX {
            return Ok((all, true));
        }
        query.cursor = page.next_cursor;
    }
}

async fn entries(client: &Client, incidents: Vec<Incident>) -> Result<Vec<Entry>, ClientError> {
    stream::iter(incidents)
        .map(async |incident| {
            let comment = last_comment(client, &incident).await?;
            Ok(Entry { incident, comment })
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

/// The newest comment or note among the last facts of an incident.
async fn last_comment(client: &Client, incident: &Incident) -> Result<Option<Said>, ClientError> {
    let after = (incident.version - i64::from(MAX_LINES)).max(0);
    let query = TimelineQuery { after: Some(after), cursor: None, limit: Some(MAX_LINES) };
    let page = match client.timeline(&IncidentRef::Id(incident.id), &query).await {
        // Deleted since the list was read.
        Err(error) if error.kind == Kind::NotFound => return Ok(None),
        page => page?,
    };
    Ok(page.items.iter().rev().find_map(said))
}

fn said(event: &Event) -> Option<Said> {
    let text = match &event.fact {
        Fact::IncidentCommented { body, .. } => body,
        Fact::IncidentStatusChanged { note: Some(note), .. } => note,
        _ => return None,
    };
    Some(Said { by: event.actor.name.clone(), at: event.occurred_at, text: text.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_written_as_in_the_query() {
        assert_eq!(seconds("12h"), Ok(12 * 3600));
        assert_eq!(seconds("90m"), Ok(5_400));
        for wrong in ["", "12", "h", "-1h", "0h", "1h status:open", "12 h", "1000000w"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_file_that_is_there_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shift.md");
        save(&file, "one").unwrap();
        assert!(save(&file, "two").unwrap_err().contains("is there already"));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "one");
        assert!(save(&folder.path().join("no/where"), "x").unwrap_err().contains("written"));
    }
}
