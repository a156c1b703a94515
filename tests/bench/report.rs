//! Where figures go: a table on the screen, and JSON lines in a file.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde::Serialize;

use crate::measure::{Error, Measured, Result};

/// A line of the file.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    #[serde(flatten)]
    measured: &'a Measured,
}

pub struct Report {
    json: Option<File>,
    has_head: bool,
}

impl Report {
    pub fn open(json: Option<&Path>) -> Result<Self> {
        let open = |path: &Path| {
            File::create(path).map_err(|error| format!("cannot write {}: {error}.", path.display()))
        };
        Ok(Self { json: json.map(open).transpose()?, has_head: false })
    }

    /// Each figure is shown as soon as it is known.
    pub fn row(&mut self, name: &str, measured: &Measured) -> Result<()> {
        if !self.has_head {
            println!(
                "{:<26} {:>10} {:>10} {:>7} {:<5} note",
                "figure", "ours", "ceiling", "ratio", "unit"
            );
            self.has_head = true;
        }
        let Measured { ours, ceiling, ratio, unit, note } = measured;
        let (ours, ceiling) = (readable(*ours), readable(*ceiling));
        println!("{name:<26} {ours:>10} {ceiling:>10} {ratio:>7.2} {unit:<5} {note}");
        if let Some(file) = &mut self.json {
            let line = serde_json::to_string(&Line { name, measured })?;
            writeln!(file, "{line}")?;
        }
        Ok(())
    }

    /// Says why there is no figure; on stderr, so that the table stays one.
    #[expect(clippy::unused_self, reason = "the other half of `row`")]
    pub fn missing(&self, name: &str, error: &Error) {
        eprintln!("bench: {name} was not measured: {error}");
    }
}

/// Three digits are enough for a person.
fn readable(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}
