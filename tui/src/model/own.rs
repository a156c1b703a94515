//! Commands that a person wrote into `config.toml`: what each runs, and what became of the last ones.

use std::collections::VecDeque;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use watchfire_shared::ids::{IncidentId, Reference};
use watchfire_shared::incident::Incident;

use super::Model;
use super::commands::Tone;
use super::copy::link;
use crate::effect::RequestId;
pub use crate::effect::Way;
use crate::event::{KeyInput, Ran};
use crate::safe::SafeText;

/// Rounds whose output is kept.
const ROUNDS_MAX: usize = 10;

/// A program and when it is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnCommand {
    pub name: String,
    /// None: it is run by its name alone.
    pub key: Option<KeyInput>,
    /// The program, and its arguments one by one.
    pub argv: Vec<Template>,
    pub way: Way,
    /// It is asked for before it runs.
    pub confirm: bool,
    /// It may change something: never while one may only read, never on old data.
    pub dangerous: bool,
}

/// One argument, with places for what is known of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(pub Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    Value(Variable),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variable {
    Id,
    Reference,
    Title,
    Service,
    Status,
    Priority,
    Url,
    Label(String),
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => f.write_str(text)?,
                Piece::Value(Variable::Label(name)) => write!(f, "{{label.{name}}}")?,
                Piece::Value(variable) => write!(f, "{{{}}}", variable.name())?,
            }
        }
        Ok(())
    }
}

impl Variable {
    const fn name(&self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Reference => "reference",
            Self::Title => "title",
            Self::Service => "service",
            Self::Status => "status",
            Self::Priority => "priority",
            Self::Url => "url",
            Self::Label(_) => "label",
        }
    }

    pub const NAMES: &str = "id, reference, title, service, status, priority, url and label.NAME";

    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "id" => Self::Id,
            "reference" => Self::Reference,
            "title" => Self::Title,
            "service" => Self::Service,
            "status" => Self::Status,
            "priority" => Self::Priority,
            "url" => Self::Url,
            _ => Self::Label(name.strip_prefix("label.").filter(|it| !it.is_empty())?.to_owned()),
        })
    }

    /// None, or nothing, where the incident does not have it.
    fn of(&self, incident: &Incident, model: &Model) -> Option<String> {
        let value = match self {
            Self::Id => incident.id.to_string(),
            Self::Reference => incident.reference.to_string(),
            Self::Title => incident.title.clone(),
            Self::Service => incident.service.clone(),
            Self::Status => incident.status.to_string(),
            Self::Priority => incident.priority.to_string(),
            Self::Url if model.base.is_empty() => return None,
            Self::Url => link(model, incident.reference),
            Self::Label(name) => incident.labels.get(name)?.clone(),
        };
        Some(value).filter(|value| !value.is_empty())
    }

    fn missing(&self) -> String {
        match self {
            Self::Id => "has no id".to_owned(),
            Self::Reference => "has no reference".to_owned(),
            Self::Title => "has no title".to_owned(),
            Self::Service => "has no service".to_owned(),
            Self::Status => "has no status".to_owned(),
            Self::Priority => "has no priority".to_owned(),
            Self::Url => "has no link: the daemon's address is not known yet".to_owned(),
            Self::Label(name) => format!("has no label {name}"),
        }
    }
}

impl OwnCommand {
    /// The program and its arguments as they were written.
    pub fn words(&self) -> String {
        let words: Vec<String> = self.argv.iter().map(ToString::to_string).collect();
        words.join(" ")
    }

    /// The program and its arguments for an incident as it stands; or what it lacks, as in
    /// `has no service`. A value stays inside its argument, whatever is in it.
    pub fn argv(&self, incident: &Incident, model: &Model) -> Result<Vec<String>, String> {
        let fill = |template: &Template| {
            let piece = |piece: &Piece| match piece {
                Piece::Text(text) => Ok(text.clone()),
                Piece::Value(variable) => {
                    variable.of(incident, model).ok_or_else(|| variable.missing())
                }
            };
            template.0.iter().map(piece).collect()
        };
        self.argv.iter().map(fill).collect()
    }
}

/// A command for one incident, as it is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub incident: IncidentId,
    pub reference: Reference,
    pub argv: Vec<String>,
}

impl Job {
    /// As a shell would take it, on one line.
    pub fn line(&self) -> String {
        let quote = |word: &String| {
            // What no shell can take is shown as it is.
            shlex::try_quote(word).map_or_else(|_| word.clone(), std::borrow::Cow::into_owned)
        };
        self.argv.iter().map(quote).collect::<Vec<_>>().join(" ")
    }
}

/// The question before a command runs. What it lists is what is run, and nothing else.
#[derive(Debug)]
pub struct Sure {
    pub command: OwnCommand,
    pub jobs: Vec<Job>,
    /// For which it is not run, and why.
    pub apart: Vec<(Reference, String)>,
    /// The first line shown.
    pub top: usize,
}

/// A program that runs, or ran.
#[derive(Debug)]
pub struct Run {
    pub request: RequestId,
    pub job: Job,
    /// None while it runs.
    pub ended: Option<Ended>,
}

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    pub ran: Ran,
    /// Whole seconds it took.
    pub seconds: i64,
}

/// Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundId(RequestId);

/// What was started with one key.
#[derive(Debug)]
pub struct Round {
    pub name: String,
    pub way: Way,
    pub since: DateTime<Utc>,
    /// The keys pressed until then.
    pub presses: u64,
    pub runs: Vec<Run>,
}

impl Round {
    /// None only of a round without any run.
    pub fn id(&self) -> Option<RoundId> {
        self.runs.first().map(|run| RoundId(run.request))
    }

    pub fn is_over(&self) -> bool {
        self.runs.iter().all(|run| run.ended.is_some())
    }

    /// `runbook INC-204`, or `runbook 2 of 7`.
    pub fn words(&self) -> String {
        match &self.runs[..] {
            [run] => format!("{} {}", self.name, run.job.reference),
            runs => {
                let over = runs.iter().filter(|run| run.ended.is_some()).count();
                format!("{} {} of {}", self.name, (over + 1).min(runs.len()), runs.len())
            }
        }
    }

    /// What came of it in a sentence.
    pub fn result(&self) -> (Tone, String) {
        let ends: Vec<&Ended> = self.runs.iter().filter_map(|run| run.ended.as_ref()).collect();
        let good = ends.iter().filter(|end| end.ran.good).count();
        let text = match (&ends[..], &self.runs[..]) {
            ([end], [run]) => format!("{} on {}: {}", self.name, run.job.reference, end.ran.end),
            _ => format!("{}: {good} of {} ended well", self.name, self.runs.len()),
        };
        let tone = if good == self.runs.len() { Tone::Good } else { Tone::Bad };
        (tone, text)
    }
}

/// The newest last.
#[derive(Debug, Default)]
pub struct Rounds(VecDeque<Round>);

impl Rounds {
    pub fn begin(&mut self, round: Round) {
        self.0.push_back(round);
        // What runs is never forgotten.
        while self.0.len() > ROUNDS_MAX && self.0.front().is_some_and(Round::is_over) {
            self.0.pop_front();
        }
    }

    /// What has run longest.
    pub fn running(&self) -> Option<&Round> {
        self.0.iter().find(|round| !round.is_over())
    }

    /// Takes how a program ended; returns its round.
    pub fn end(&mut self, request: RequestId, ran: Ran, now: DateTime<Utc>) -> Option<&Round> {
        let at = self.0.iter().position(|it| it.runs.iter().any(|run| run.request == request))?;
        let round = &mut self.0[at];
        let seconds = (now - round.since).num_seconds().max(0);
        let run = round.runs.iter_mut().find(|run| run.request == request)?;
        run.ended = Some(Ended { ran, seconds });
        // What ended last is what is shown.
        let round = self.0.remove(at)?;
        self.0.push_back(round);
        self.0.back()
    }

    /// What a person who leaves must be told: what runs in the background ends with the client.
    pub fn left_open(&self) -> impl Iterator<Item = String> {
        let running = self.0.iter().filter(|round| !round.is_over());
        running.map(|round| format!("{}: ended with the client, before its time", round.words()))
    }

    /// Of those with an output the one that ended last; one that runs where none has ended.
    pub fn last(&self) -> Option<&Round> {
        let mut said = self.0.iter().rev().filter(|round| round.way != Way::Terminal);
        said.clone().find(|round| round.is_over()).or_else(|| said.next())
    }

    pub fn get(&self, id: RoundId) -> Option<&Round> {
        self.0.iter().find(|round| round.id() == Some(id))
    }

    /// The clock was set back: what began a while ago stays as long ago.
    pub fn set_back(&mut self, by: TimeDelta) {
        self.0.iter_mut().for_each(|round| round.since -= by);
    }
}

/// The title of a round's page and its lines: each run with how it ended and what it said.
pub fn page(model: &Model, round: Option<RoundId>, width: u16) -> (String, Vec<SafeText>) {
    let Some(round) = round.and_then(|id| model.own.get(id)) else {
        return (
            "Output".to_owned(),
            vec![SafeText::line("Nothing was said yet, or it was long ago.")],
        );
    };
    let room = usize::from(width).saturating_sub(2);
    let mut lines = Vec::new();
    for run in &round.runs {
        if !lines.is_empty() {
            lines.push(SafeText::default());
        }
        let head = match &run.ended {
            Some(Ended { ran, seconds }) => {
                format!("{}: {}, after {seconds} s", run.job.reference, ran.end)
            }
            None => format!("{}: still running", run.job.reference),
        };
        lines.extend(SafeText::line(&head).wrap(room));
        lines.extend(SafeText::line(&format!("$ {}", run.job.line())).wrap(room));
        let said = run.ended.as_ref().map_or("", |end| end.ran.output.as_str());
        lines.extend(SafeText::lines(said).iter().flat_map(|line| line.wrap(room)));
    }
    (format!("Output of {}", round.name), lines)
}

impl Sure {
    /// `Run restart on INC-204?`
    pub fn question(&self) -> String {
        match &self.jobs[..] {
            [job] => format!("Run {} on {}?", self.command.name, job.reference),
            jobs => format!("Run {} on {} incidents?", self.command.name, jobs.len()),
        }
    }

    /// What is run, and below it what is not: the incident, the text, and whether it is run.
    pub fn lines(&self) -> Vec<(Reference, String, bool)> {
        let jobs = self.jobs.iter().map(|job| (job.reference, job.line(), true));
        let apart = self.apart.iter().map(|(it, why)| (*it, format!("not run: {why}"), false));
        jobs.chain(apart).collect()
    }
}
