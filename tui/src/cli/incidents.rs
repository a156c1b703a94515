//! `ls`, `show` and `new`.

use chrono::{DateTime, Utc};
use serde::Serialize;
use watchfire_shared::alert::{Alert, AlertStatus};
use watchfire_shared::event::Event;
use watchfire_shared::filter::Filter;
use watchfire_shared::ids::IncidentRef;
use watchfire_shared::incident::{Incident, NewIncident};
use watchfire_shared::page::{IncidentPage, MAX_INCIDENTS};

use super::args::{Ls, New};
use super::output::{Out, Table, Tone};
use super::words;
use super::{Done, Exit, Failure};
use crate::client::{Client, ClientError, IncidentQuery, TimelineQuery};
use crate::clock;
use crate::config::Config;
use crate::model::columns::Column;
use crate::safe::SafeText;

/// Entries of the timeline that `show` prints.
const TIMELINE: usize = 12;
/// What `ls` prints where no view says otherwise.
const USUAL: [Column; 7] = [
    Column::Priority,
    Column::Reference,
    Column::Status,
    Column::Age,
    Column::Title,
    Column::Service,
    Column::Who,
];

impl Ls {
    /// With what the view says that was asked for.
    pub fn viewing(mut self, config: &Config) -> Result<Self, Failure> {
        let views = &config.settings.setup.views;
        let Some(name) = self.view.take() else {
            return Ok(self);
        };
        let Some(view) = views.iter().find(|view| view.name == name) else {
            let names: Vec<&str> = views.iter().map(|view| view.name.as_str()).collect();
            let there = if names.is_empty() {
                format!("write [views.{name}] with its query into config.toml")
            } else {
                format!("there is {}", names.join(", "))
            };
            return Err(Failure::said(Exit::Usage, format!("There is no view {name:?}: {there}")));
        };
        self.filter.insert(0, view.query.clone());
        self.sort = self.sort.or_else(|| Some(view.sort.to_string()));
        self.columns.clone_from(&view.columns);
        Ok(self)
    }
}

pub async fn list(client: &Client, out: &mut Out, ls: &Ls) -> Done {
    let page = load(client, ls).await?;
    if out.json {
        return Ok(out.value(&page)?);
    }
    if page.items.is_empty() {
        let filter = ls.filter.join(" ");
        let none = if filter.is_empty() {
            "No incidents; open one with `watchfire new TITLE`".to_owned()
        } else {
            format!("No incidents match  {}", out.safe(&filter))
        };
        return Ok(out.line(&none)?);
    }
    let columns = ls.columns.as_ref().map_or(&USUAL[..], |columns| &columns.0);
    table(out, &page.items, columns, clock::now()).print(out)?;
    let shown = page.items.len();
    let total = usize::try_from(page.total).unwrap_or(usize::MAX);
    if !page.total_exact || total > shown {
        let more = if page.total_exact { "" } else { "more than " };
        let foot = format!("{shown} shown of {more}{total}");
        out.line(&out.paint(Tone::Dim, &foot))?;
    }
    Ok(())
}

/// As many pages as the limit asks for, as one.
async fn load(client: &Client, ls: &Ls) -> Result<IncidentPage, Failure> {
    let filter = ls.filter.join(" ");
    if let Err(mistake) = filter.parse::<Filter>() {
        let torn = ls.filter.iter().any(|term| matches!(term.as_str(), "priority:" | "age:"));
        let advice =
            if torn { "; put the query in quotes: a shell takes < and > away" } else { "" };
        return Err(Failure::said(Exit::Usage, format!("{filter}: {mistake}{advice}")));
    }
    let mut query = IncidentQuery {
        filter: Some(filter).filter(|filter| !filter.trim().is_empty()),
        sort: ls.sort.clone(),
        limit: Some(ls.limit.min(MAX_INCIDENTS)),
        cursor: None,
    };
    let mut page = client.incidents(&query).await?;
    while let Some(cursor) = page.next_cursor.clone() {
        let have = u32::try_from(page.items.len()).unwrap_or(u32::MAX);
        if have >= ls.limit {
            break;
        }
        query.limit = Some((ls.limit - have).min(MAX_INCIDENTS));
        query.cursor = Some(cursor);
        let next = client.incidents(&query).await?;
        page.items.extend(next.items);
        page.next_cursor = next.next_cursor;
    }
    Ok(page)
}

fn table(out: &Out, incidents: &[Incident], columns: &[Column], now: DateTime<Utc>) -> Table {
    let title = columns.iter().position(|column| *column == Column::Title);
    let mut table = Table::new(title.unwrap_or(columns.len().saturating_sub(1)));
    let head = |column: &Column| {
        let head = match column {
            Column::Reference => "REF".to_owned(),
            other => other.name().to_uppercase(),
        };
        (Tone::Dim, SafeText::line(&head))
    };
    table.row(columns.iter().map(head).collect());
    for incident in incidents {
        table.row(columns.iter().map(|column| cell(out, incident, *column, now)).collect());
    }
    table
}

fn cell(out: &Out, incident: &Incident, column: Column, now: DateTime<Utc>) -> (Tone, SafeText) {
    let number = |number: i64| (Tone::Dim, SafeText::line(&number.to_string()));
    match column {
        Column::Priority => {
            let (tone, text) = words::priority(out, incident.priority);
            (tone, SafeText::line(&text))
        }
        Column::Reference => (Tone::Strong, SafeText::line(&incident.reference.to_string())),
        Column::Status => {
            let (tone, mut text) = words::status(out, incident.status);
            if incident.still_firing() {
                text.push_str(" !");
            }
            (tone, SafeText::line(&text))
        }
        Column::Age => (Tone::Dim, SafeText::line(&words::age(incident.created_at, now))),
        Column::Title => (Tone::Plain, out.safe(&incident.title)),
        Column::Service => (Tone::Dim, out.safe(&incident.service)),
        Column::Who => {
            let who = incident.assigned_to.as_ref().map_or("-", |user| user.name.as_str());
            (Tone::Plain, out.safe(who))
        }
        Column::Alerts => number(incident.firing_alerts),
        Column::Logs => number(incident.log_count),
        Column::Score => {
            let score = incident.score.map_or_else(|| "-".to_owned(), |it| format!("{it:.0}"));
            (Tone::Dim, SafeText::line(&score))
        }
    }
}

/// An incident with what hangs on it, as `--json` prints it.
#[derive(Serialize)]
struct Whole {
    #[serde(flatten)]
    incident: Incident,
    alerts: Vec<Alert>,
    timeline: Vec<Event>,
}

pub async fn show(client: &Client, out: &mut Out, which: &IncidentRef) -> Done {
    let incident = client.incident(which).await?;
    // By id: a reference costs the daemon one more look.
    let id = IncidentRef::Id(incident.id);
    let (alerts, timeline) =
        tokio::try_join!(client.alerts(&id, None), whole_timeline(client, &id))?;
    let whole = Whole { incident, alerts: alerts.items, timeline };
    if out.json {
        return Ok(out.value(&whole)?);
    }
    head(out, &whole.incident)?;
    print_alerts(out, &whole.alerts)?;
    print_timeline(out, &whole.timeline)
}

async fn whole_timeline(client: &Client, id: &IncidentRef) -> Result<Vec<Event>, ClientError> {
    let mut events = Vec::new();
    let mut query = TimelineQuery { limit: Some(200), ..TimelineQuery::default() };
    loop {
        let page = client.timeline(id, &query).await?;
        events.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            return Ok(events);
        }
    }
}

fn head(out: &mut Out, incident: &Incident) -> Done {
    let now = clock::now();
    let (priority_tone, priority) = words::priority(out, incident.priority);
    let (status_tone, status) = words::status(out, incident.status);
    let title = out.safe(&incident.title);
    let reference = out.paint(Tone::Strong, &incident.reference.to_string());
    out.line(&format!("{reference}  {}", out.paint(Tone::Strong, title.as_str())))?;
    let score = incident.score.map(|score| format!("   score {score:.0}")).unwrap_or_default();
    let state = format!(
        "{}   {}{score}",
        out.paint(priority_tone, &priority),
        out.paint(status_tone, &status),
    );
    out.line(&state)?;
    let who = incident.assigned_to.as_ref().map_or("nobody", |user| user.name.as_str());
    let mut facts = vec![
        ("assigned", who.to_owned()),
        ("service", incident.service.clone()),
        ("opened", opened(incident, now)),
        ("alerts", format!("{} firing", incident.firing_alerts)),
        ("logs", words::count(incident.log_count, "line")),
    ];
    let labels: Vec<String> =
        incident.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    facts.push(("labels", labels.join("  ")));
    if incident.still_firing() {
        facts.push(("note", "resolved by hand, still firing at its source".to_owned()));
    }
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        let name = out.paint(Tone::Dim, &format!("{name:<9}"));
        out.line(&format!("{name} {}", out.safe(value)))?;
    }
    if let Some(text) = incident.description.as_deref().filter(|text| !text.is_empty()) {
        out.line("")?;
        for line in out.safe_lines(text) {
            out.line(line.as_str())?;
        }
    }
    Ok(())
}

fn opened(incident: &Incident, now: DateTime<Utc>) -> String {
    format!(
        "{} ({} ago) by {}",
        words::moment(incident.created_at),
        words::age(incident.created_at, now),
        incident.created_by.name
    )
}

fn print_alerts(out: &mut Out, alerts: &[Alert]) -> Done {
    if alerts.is_empty() {
        return Ok(());
    }
    out.line("")?;
    let now = clock::now();
    let mut table = Table::new(2);
    for alert in alerts {
        let (tone, word) = match alert.status {
            AlertStatus::Firing => (Tone::Attention, "firing"),
            AlertStatus::Resolved => (Tone::Done, "resolved"),
        };
        let repeats = match alert.repeats {
            0 => String::new(),
            repeats => format!("{}{}", if out.utf8 { "×" } else { "x" }, repeats + 1),
        };
        table.row(vec![
            (tone, SafeText::line(word)),
            (
                Tone::Dim,
                SafeText::line(&words::time(alert.ends_at.unwrap_or(alert.starts_at), now)),
            ),
            (Tone::Plain, out.safe(&words::alert_name(&alert.labels))),
            (Tone::Plain, out.safe(&alert.severity)),
            (Tone::Dim, SafeText::line(&repeats)),
        ]);
    }
    Ok(table.print(out)?)
}

fn print_timeline(out: &mut Out, events: &[Event]) -> Done {
    out.line("")?;
    let now = clock::now();
    let left_out = events.len().saturating_sub(TIMELINE);
    if left_out > 0 {
        out.line(&out.paint(Tone::Dim, &format!("({left_out} earlier)")))?;
    }
    let mut table = Table::new(2);
    for event in &events[left_out..] {
        table.row(vec![
            (Tone::Dim, SafeText::line(&words::time(event.occurred_at, now))),
            (Tone::Work, out.safe(&event.actor.name)),
            (Tone::Plain, out.safe(&words::what(event))),
        ]);
    }
    Ok(table.print(out)?)
}

pub async fn create(client: &Client, out: &mut Out, new: New) -> Done {
    if new.title.trim().is_empty() {
        return Err(Failure::said(Exit::Usage, "The title must not be empty"));
    }
    let incident = NewIncident {
        description: new.description,
        priority: new.priority,
        service: new.service,
        labels: new.labels.into_iter().collect(),
        ..NewIncident::titled(new.title)
    };
    let created = client.create(&incident).await?;
    if out.json {
        return Ok(out.value(&created)?);
    }
    let title = out.safe(&created.title);
    Ok(out.line(&format!("{} opened: {title}", created.reference))?)
}
