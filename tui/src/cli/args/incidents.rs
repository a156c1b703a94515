//! About incidents: to list, open and change them, their lines and their analyses.

use std::path::PathBuf;

use clap::Args;
use watchfire_shared::ids::IncidentRef;
use watchfire_shared::incident::{Priority, Status};
use watchfire_shared::log::Level;

use super::unshield;
use crate::model::columns::Columns;

#[derive(Debug, Args)]
pub struct Ls {
    /// Such as 'status:open priority:>=high -service:search words', in quotes: `<` and `>` mean
    /// something else to a shell; unquoted a negated word goes after `--`
    #[arg(value_parser = unshield)]
    pub filter: Vec<String>,
    /// Rows at most
    #[arg(short = 'n', long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    /// The order; `-` before it reverses
    #[arg(long, allow_hyphen_values = true, value_parser = SORTS)]
    pub sort: Option<String>,
    /// A view of config.toml: its query, before what stands here, its order and its columns
    #[arg(long, value_name = "NAME")]
    pub view: Option<String>,
    /// Those of the view.
    #[arg(skip)]
    pub columns: Option<Columns>,
}

const SORTS: [&str; 10] = [
    "created",
    "-created",
    "updated",
    "-updated",
    "priority",
    "-priority",
    "score",
    "-score",
    "reference",
    "-reference",
];

#[derive(Debug, Args)]
pub struct New {
    /// What is wrong, in a line
    #[arg(value_parser = unshield)]
    pub title: String,
    /// critical, high, medium or low
    #[arg(short, long, default_value_t = Priority::Medium)]
    pub priority: Priority,
    /// Whose it is, such as checkout
    #[arg(short, long, default_value = "")]
    pub service: String,
    /// May be given several times
    #[arg(short, long = "label", value_name = "NAME=VALUE", value_parser = label)]
    pub labels: Vec<(String, String)>,
    /// What is known about it
    #[arg(short, long, default_value = "")]
    pub description: String,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true))]
pub struct Set {
    /// INC-42, or an id
    pub incident: IncidentRef,
    /// open, investigating, resolved or closed
    #[arg(long, group = "change")]
    pub status: Option<Status>,
    /// critical, high, medium or low
    #[arg(short, long, group = "change")]
    pub priority: Option<Priority>,
    /// me, none, a person's name or id
    #[arg(short, long, group = "change", value_name = "WHO")]
    pub assign: Option<String>,
    /// What is wrong, in a line
    #[arg(long, group = "change")]
    pub title: Option<String>,
    /// Whose it is, such as checkout
    #[arg(short, long, group = "change")]
    pub service: Option<String>,
    /// Said with the change
    #[arg(long, group = "change", value_name = "TEXT")]
    pub note: Option<String>,
    /// Refuse unless the incident has this status
    #[arg(long, value_name = "STATUS")]
    pub expect_status: Option<Status>,
}

#[derive(Debug, Args)]
pub struct Verb {
    /// INC-42, or an id
    pub incident: IncidentRef,
    /// Said with the change
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

#[derive(Debug, Args)]
pub struct Logs {
    /// INC-42, or an id
    pub incident: IncidentRef,
    /// Go on with lines as they come
    #[arg(short, long)]
    pub follow: bool,
    /// trace, debug, info, warn, error or fatal
    #[arg(long, value_name = "LEVEL")]
    pub min_level: Option<Level>,
    /// Only lines that hold this text
    #[arg(long, value_name = "TEXT")]
    pub grep: Option<String>,
    /// The newest lines to begin with
    #[arg(short = 'n', long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    /// Attach the lines of a file (- is standard input): JSON, JSON lines or plain text
    #[arg(long, value_name = "FILE", conflicts_with_all = ["follow", "min_level", "grep", "limit"])]
    pub attach: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Assessments {
    /// INC-42, or an id
    pub incident: IncidentRef,
    /// Analyses at most
    #[arg(short = 'n', long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
}

fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        _ => Err("must look like name=value".to_owned()),
    }
}
