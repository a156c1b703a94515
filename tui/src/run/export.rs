//! Log lines into a file: read page by page, written as they come.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};

use chrono::SecondsFormat;
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncWriteExt, BufWriter};
use tokio::sync::mpsc;
use uuid::Uuid;
use watchfire_shared::ids::{IncidentId, IncidentRef, LogEntryId};
use watchfire_shared::log::LogEntry;
use watchfire_shared::page::MAX_LINES;

use crate::client::{AllLogQuery, Client, ClientError, ErrorKind, LogQuery};
use crate::effect::{Export, Lines, RequestId};
use crate::event::{Event, Outcome};
use crate::safe::SafeText;
use crate::sift::{Around, Wanted};

/// Writes the lines, and says after each page how many there are. What is half written is taken away.
pub async fn export(
    client: &Client,
    to: &mpsc::Sender<Event>,
    request: RequestId,
    export: &Export,
) -> Result<Outcome, ClientError> {
    let path = place(&export.file);
    let told = path.display().to_string();
    // Written beside an old file, which stays until all of it is there.
    let draft = if export.replace {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.with_file_name(format!("{name}.{}", std::process::id()))
    } else {
        path.clone()
    };
    let file = match create(&draft).await {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !export.replace => {
            return Ok(Outcome::Exists(told));
        }
        Err(error) => return Err(ClientError::local(cannot(&path, &error))),
    };
    let unfinished = Unfinished(Some(draft));
    let lines = write(client, to, request, export, file, &path).await?;
    let draft = unfinished.keep();
    if export.replace
        && let Err(error) = fs::rename(&draft, &path).await
    {
        drop(Unfinished(Some(draft)));
        return Err(ClientError::local(cannot(&path, &error)));
    }
    Ok(Outcome::Exported { file: told, lines })
}

/// A file that is taken away unless all of it was written, also when nobody waits for it any more.
struct Unfinished(Option<PathBuf>);

impl Unfinished {
    fn keep(mut self) -> PathBuf {
        self.0.take().unwrap_or_default()
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // What failed is told; that the rest could not be taken away would not help.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// `~/` is home.
fn place(file: &str) -> PathBuf {
    let home = file.strip_prefix("~/").zip(std::env::home_dir());
    let path = home.map_or_else(|| PathBuf::from(file), |(rest, home)| home.join(rest));
    std::env::current_dir().unwrap_or_default().join(path)
}

/// A new file that only its owner may read.
async fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).await
}

fn cannot(path: &Path, error: &io::Error) -> String {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "there is no such folder".to_owned(),
        io::ErrorKind::PermissionDenied => "you may not write there".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full, and nothing of it is left".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string(),
    };
    format!("{} not written: {why}", path.display())
}

async fn write(
    client: &Client,
    to: &mpsc::Sender<Event>,
    request: RequestId,
    export: &Export,
    file: File,
    path: &Path,
) -> Result<i64, ClientError> {
    let failed = |error: io::Error| ClientError::local(cannot(path, &error));
    let mut file = BufWriter::new(file);
    let mut sifted = Sifted::new(&export.wanted);
    let mut pages = Pages::new(client, export).await?;
    let mut lines = 0;
    while let Some(page) = pages.next().await? {
        for entry in &page {
            let whose = pages.whose(entry).await?;
            for line in sifted.take(entry, &whose) {
                file.write_all(line.as_bytes()).await.map_err(failed)?;
                lines += 1;
            }
        }
        // Somebody who has left does not listen.
        let _ = to.send(Event::Progress { request, lines }).await;
    }
    file.flush().await.map_err(failed)?;
    file.into_inner().sync_all().await.map_err(failed)?;
    Ok(lines)
}

/// Reads from the first line to the last one there was at the beginning.
struct Pages<'a> {
    client: &'a Client,
    export: &'a Export,
    /// The newest line of all incidents when it began; none where that is not what is read.
    newest: Option<LogEntryId>,
    after: i64,
    after_id: LogEntryId,
    ended: bool,
    /// What incidents are called.
    names: HashMap<IncidentId, String>,
}

impl<'a> Pages<'a> {
    async fn new(client: &'a Client, export: &'a Export) -> Result<Self, ClientError> {
        let newest = match export.lines {
            Lines::Of { .. } => None,
            Lines::OfAll => {
                let query = AllLogQuery { limit: Some(1), ..AllLogQuery::default() };
                client.all_logs(&query).await?.items.last().map(|entry| entry.id)
            }
        };
        let ended = newest.is_none() && export.lines == Lines::OfAll;
        let (after, after_id) = (0, LogEntryId(Uuid::nil()));
        Ok(Self { client, export, newest, after, after_id, ended, names: HashMap::new() })
    }

    async fn next(&mut self) -> Result<Option<Vec<LogEntry>>, ClientError> {
        if self.ended {
            return Ok(None);
        }
        let (min_level, q) = self.export.wanted.of_daemon();
        let q = Some(q.to_owned()).filter(|q| !q.is_empty());
        let limit = Some(MAX_LINES);
        let mut items = match self.export.lines {
            Lines::Of { incident, .. } => {
                let after = Some(self.after);
                let query = LogQuery { min_level, q, after, limit, ..LogQuery::default() };
                self.client.logs(&IncidentRef::Id(incident), &query).await?.items
            }
            Lines::OfAll => {
                let after = Some(self.after_id);
                let query = AllLogQuery { min_level, q, before: None, after, limit };
                self.client.all_logs(&query).await?.items
            }
        };
        let read = items.len();
        if let Some(last) = items.last() {
            (self.after, self.after_id) = (last.seq, last.id);
        }
        match self.export.lines {
            Lines::Of { last, .. } => items.retain(|entry| entry.seq <= last),
            Lines::OfAll => items.retain(|entry| self.newest.is_some_and(|it| entry.id <= it)),
        }
        let at_end = match self.export.lines {
            Lines::Of { last, .. } => self.after >= last,
            Lines::OfAll => self.newest.is_none_or(|newest| self.after_id >= newest),
        };
        self.ended = at_end || read < MAX_LINES as usize;
        Ok(Some(items))
    }

    /// Which incident a line is of, where lines are of several; one that is gone is called by its id.
    async fn whose(&mut self, entry: &LogEntry) -> Result<String, ClientError> {
        if self.export.lines != Lines::OfAll {
            return Ok(String::new());
        }
        let id = entry.incident_id;
        if let Some(name) = self.names.get(&id) {
            return Ok(name.clone());
        }
        let name = match self.client.incident(&IncidentRef::Id(id)).await {
            Ok(incident) => format!("{} ", incident.reference),
            Err(error) if error.kind == ErrorKind::NotFound => format!("{id} "),
            Err(error) => return Err(error),
        };
        self.names.insert(id, name.clone());
        Ok(name)
    }
}

/// The lines that are wanted, with what stands around them, as they come.
struct Sifted<'a> {
    wanted: &'a Wanted,
    /// The last lines that do not pass.
    before: VecDeque<String>,
    /// So many lines still belong to one that passed.
    behind: usize,
}

impl<'a> Sifted<'a> {
    const fn new(wanted: &'a Wanted) -> Self {
        Self { wanted, before: VecDeque::new(), behind: 0 }
    }

    fn take(&mut self, entry: &LogEntry, whose: &str) -> Vec<String> {
        let reach = match self.wanted.around {
            // The daemon or the pattern decides about each line alone.
            Around::Nothing => 0,
            Around::Lines(count) => usize::from(count),
            Around::Everything => return vec![text(entry, whose)],
        };
        if !self.wanted.sieves() || self.wanted.passes(entry.level, &entry.message) {
            self.behind = reach;
            let mut lines: Vec<String> = self.before.drain(..).collect();
            lines.push(text(entry, whose));
            return lines;
        }
        if self.behind > 0 {
            self.behind -= 1;
            return vec![text(entry, whose)];
        }
        self.before.push_back(text(entry, whose));
        if self.before.len() > reach {
            self.before.pop_front();
        }
        Vec::new()
    }
}

/// One line, whatever the message holds, and harmless in every terminal.
fn text(entry: &LogEntry, whose: &str) -> String {
    let at = entry.occurred_at.to_rfc3339_opts(SecondsFormat::Micros, true);
    let mut line = format!("{at} {whose}{} {} {}", entry.level, entry.source, entry.message);
    for (name, value) in &entry.fields {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        line.push_str("  ");
        line.push_str(name);
        line.push('=');
        line.push_str(&value);
    }
    let mut line = SafeText::line(&line).into_string();
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use watchfire_shared::log::Level;

    use super::*;
    use crate::sift::pattern::{Kind, Pattern};
    use crate::stories::world::line;

    fn written(around: Around) -> Vec<i64> {
        let wanted =
            Wanted { pattern: Pattern::new("hit", Kind::Text).ok(), around, min_level: None };
        let wanted = Wanted { min_level: Some(Level::Warn), ..wanted };
        let mut sifted = Sifted::new(&wanted);
        let lines = (1..=20).flat_map(|seq| {
            let hit = seq % 10 == 0 || seq == 8;
            let message = if hit { "a hit\n\u{1b}[2J" } else { "other" };
            sifted.take(&line(seq, Level::Error, message), "")
        });
        lines
            .map(|line| {
                assert!(line.ends_with('\n') && line.matches('\n').count() == 1, "{line:?}");
                assert!(!line.contains('\u{1b}'));
                line.trim_end().rsplit('=').next().unwrap_or_default().parse().expect("a number")
            })
            .collect()
    }

    #[test]
    fn what_stands_around_is_written_once_and_in_its_order() {
        assert_eq!(written(Around::Lines(2)), [6, 7, 8, 9, 10, 11, 12, 18, 19, 20]);
        assert_eq!(written(Around::Everything).len(), 20);
    }

    #[tokio::test]
    async fn a_file_is_private_and_what_cannot_be_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lines.log");
        drop(create(&path).await.expect("made"));
        let mode = std::fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let there = create(&path).await.expect_err("it is there");
        assert_eq!(there.kind(), io::ErrorKind::AlreadyExists);
        let nowhere = folder.path().join("no/where.log");
        let error = create(&nowhere).await.expect_err("no folder");
        assert!(cannot(&nowhere, &error).ends_with("not written: there is no such folder"));
        let full = cannot(&path, &io::Error::from(io::ErrorKind::StorageFull));
        assert!(full.ends_with("the disk is full, and nothing of it is left"), "{full}");
    }
}
