//! The demonstration of the cache in words and columns, for the screen and the command line.

use watchfire_shared::cache::CacheDemo;
use watchfire_shared::cache::demo::{Burst, Connections, Level, Staleness, Step, Strategy, Walked};

use super::cache::{amount, millis};

/// Said before it runs.
pub const ASKS: [&str; 4] = [
    "How much does the cache save here, and what does it cost? The daemon makes an",
    "incident of low priority, reads it 200 times at once in three ways, writes to",
    "it, measures, and removes it again. That takes some seconds; lists and streams",
    "show the incident meanwhile, and the journal keeps that it was there.",
];

/// One line of the page; none is wider than 80 columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A heading, and what it shows in one sentence.
    Title(&'static str, String),
    Head(String),
    Row(String),
    Gap,
}

/// A measured thing: its names at the left, figures at the right.
struct Section {
    title: &'static str,
    says: String,
    head: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

/// Lines of the page that a screen of so many rows shows, below its heading.
pub const fn shown(rows: u16) -> usize {
    rows.saturating_sub(4) as usize
}

/// The whole page.
pub fn lines(demo: &CacheDemo) -> Vec<Line> {
    let sections = [bursts(demo), walk(demo), staleness(demo), connections(demo), hierarchy(demo)];
    let mut lines = Vec::new();
    for section in sections {
        lines.extend(laid_out(section));
        lines.push(Line::Gap);
    }
    let took = format!(
        "measured in {} s on {} with {}; its incident is gone",
        millis(demo.took_ms / 1e3),
        place(&demo.database),
        cache(&demo.cache)
    );
    lines.push(Line::Head(took));
    lines
}

fn bursts(demo: &CacheDemo) -> Section {
    let row = |burst: &Burst| {
        vec![
            strategy(burst.strategy).to_owned(),
            amount(burst.database_reads),
            fine(burst.wall_ms),
            fine(burst.p50_ms),
            fine(burst.p95_ms),
        ]
    };
    let reads = demo.bursts.first().map_or(0, |burst| burst.reads);
    Section {
        title: "Stampede",
        says: format!("{reads} reads at once of an incident nobody has read yet"),
        head: &["", "database reads", "all ms", "p50 ms", "p95 ms"],
        rows: demo.bursts.iter().map(row).collect(),
    }
}

fn walk(demo: &CacheDemo) -> Section {
    let row = |walked: &Walked| {
        let (name, answer) = match (walked.step, walked.database_reads) {
            (Step::Write, _) => ("a comment", "forgets"),
            (step, 0) => (read(step), "hit"),
            (step, _) => (read(step), "miss"),
        };
        vec![
            name.to_owned(),
            answer.to_owned(),
            format!("v{}", walked.version),
            amount(walked.database_reads),
            fine(walked.took_ms),
        ]
    };
    Section {
        title: "Walk",
        says: "a miss asks the database, a hit does not, a write forgets".to_owned(),
        head: &["", "cache", "version", "database reads", "ms"],
        rows: demo.walk.iter().map(row).collect(),
    }
}

fn staleness(demo: &CacheDemo) -> Section {
    let row = |stale: &Staleness| {
        vec![
            match stale.strategy {
                Strategy::CacheAside => "end by time alone".to_owned(),
                other => strategy(other).to_owned(),
            },
            amount(stale.writes),
            amount(stale.reads),
            amount(stale.stale_reads),
            fine(stale.stale_ms),
            fine(stale.first_read_ms),
        ]
    };
    Section {
        title: "Staleness",
        says: "reads that begin after a write was acknowledged".to_owned(),
        head: &["", "writes", "reads", "stale", "stale for ms", "first read ms"],
        rows: demo.staleness.iter().map(row).collect(),
    }
}

fn connections(demo: &CacheDemo) -> Section {
    let row = |connections: &Connections| {
        let Connections { to, pooled, unpooled } = connections;
        vec![
            place(to).to_owned(),
            amount(pooled.operations),
            fine(pooled.median_ms),
            fine(unpooled.median_ms),
            times(unpooled.median_ms, pooled.median_ms),
        ]
    };
    Section {
        title: "Connections",
        says: "one small question: on one kept open, on one opened for it".to_owned(),
        head: &["", "questions", "kept ms", "opened ms", "slower"],
        rows: demo.connections.iter().map(row).collect(),
    }
}

fn hierarchy(demo: &CacheDemo) -> Section {
    let nearest = demo.hierarchy.first().map_or(0.0, |level| level.reads.median_ms);
    let row = |level: &Level| {
        vec![
            place(&level.place).to_owned(),
            amount(level.reads.operations),
            fine(level.reads.median_ms),
            times(level.reads.median_ms, nearest),
        ]
    };
    Section {
        title: "Distance",
        says: "the same incident from wherever it may be kept, median".to_owned(),
        head: &["", "reads", "ms", "farther"],
        rows: demo.hierarchy.iter().map(row).collect(),
    }
}

const fn strategy(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::NoCache => "no cache",
        Strategy::CacheAside => "plain cache-aside",
        Strategy::Watchfire => "Watchfire",
    }
}

const fn read(step: Step) -> &'static str {
    match step {
        Step::FirstRead => "first read",
        Step::SecondRead => "second read",
        Step::Write => "a comment",
        Step::ReadAfterWrite => "read after it",
    }
}

fn place(place: &str) -> &str {
    match place {
        "process" => "this process",
        "redis" => "Redis",
        "postgres" => "PostgreSQL",
        "sqlite" => "SQLite",
        other => other,
    }
}

fn cache(kind: &str) -> &str {
    match kind {
        "memory" => "a cache in process",
        other => place(other),
    }
}

/// Also what is far below a millisecond.
fn fine(ms: f64) -> String {
    if ms > 0.0 && ms < 0.01 { format!("{ms:.4}") } else { millis(ms) }
}

/// How many times longer.
fn times(long: f64, short: f64) -> String {
    if short > 0.0 { format!("{:.0} x", (long / short).max(1.0)) } else { "-".to_owned() }
}

/// Names to the left, figures to the right, each as wide as its widest.
fn laid_out(section: Section) -> Vec<Line> {
    const NAMES: usize = 18;
    let Section { title, says, head, rows } = section;
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(String::len);
        cells.chain([head[column].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let figures = cells.iter().zip(&widths).skip(1);
        let figures: Vec<String> =
            figures.map(|(cell, width)| format!("  {cell:>width$}")).collect();
        format!("{:<NAMES$}{}", cells[0], figures.concat())
    };
    let mut lines = vec![Line::Title(title, says), Line::Head(line(head.to_vec()))];
    lines.extend(rows.iter().map(|row| Line::Row(line(row.iter().map(String::as_str).collect()))));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchfire_shared::cache::demo::Series;

    #[test]
    fn no_line_is_too_wide_for_a_small_screen() {
        let burst = |strategy, database_reads| Burst {
            strategy,
            reads: 200,
            database_reads,
            wall_ms: 14_999.9,
            p50_ms: 1.0,
            p95_ms: 14_000.0,
        };
        let series = |median_ms| Series { operations: 50, median_ms };
        let stale = |strategy| Staleness {
            strategy,
            writes: 10,
            reads: 1_000,
            stale_reads: 999,
            stale_ms: 10_000.0,
            first_read_ms: 1_000.0,
        };
        let between = |to: &str| Connections {
            to: to.to_owned(),
            pooled: series(0.001),
            unpooled: series(900.0),
        };
        let demo = CacheDemo {
            cache: "memory".to_owned(),
            database: "postgres".to_owned(),
            bursts: Strategy::ALL.iter().map(|it| burst(*it, 200)).collect(),
            walk: Step::ALL
                .iter()
                .map(|step| Walked { step: *step, version: 12, database_reads: 1, took_ms: 99.9 })
                .collect(),
            staleness: vec![stale(Strategy::CacheAside), stale(Strategy::Watchfire)],
            connections: vec![between("postgres"), between("redis")],
            hierarchy: vec![
                Level { place: "process".to_owned(), reads: series(0.0001) },
                Level { place: "postgres".to_owned(), reads: series(0.5) },
            ],
            took_ms: 14_000.0,
        };
        let lines = lines(&demo);
        for line in &lines {
            let width = match line {
                Line::Title(title, says) => title.len() + says.len() + 3,
                Line::Head(text) | Line::Row(text) => text.len() + 1,
                Line::Gap => 0,
            };
            assert!(width < 80, "{line:?}");
        }
        let row =
            Line::Row(format!("{:<18}  {:>5}  {:>6}  {:>7}", "PostgreSQL", 50, "0.500", "5000 x"));
        assert!(lines.contains(&row), "{lines:#?}");
        assert!(ASKS.iter().all(|line| line.len() < 79));
    }
}
