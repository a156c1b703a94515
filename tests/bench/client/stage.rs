//! A daemon with as many incidents and log lines as a figure wants, and the client looking at it.

use std::fmt::Write;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use watchfire_shared::user::Role;
use watchfire_tests::{Engine, Terminal};

use crate::load::{Connection as Sender, request};
use crate::measure::Result;
use crate::scene::Scene;

pub const SIZE: (u16, u16) = (200, 60);
/// Nothing takes longer.
const LIMIT: Duration = Duration::from_mins(1);
/// The incident that stands first, has the lines, and has a number that no copy has.
pub const FIRST: &str = "INC-1 ";
/// Lines of a batch.
const BATCH: usize = 10_000;
/// Copies of the one incident, all of them old: no age changes while somebody looks.
const COPIES: &str = "insert into incidents (:columns) with recursive n(i) as \
     (select 1 union all select i + 1 from n where i < :count) select :values from incidents, n \
     where number = 1";
const AGE: &str = "update incidents set priority = 3, created_at = :then, updated_at = :then";
const THEN: &str = "'2026-01-01T00:00:00.000000+00:00'";
const COLUMNS: &str = "select name from pragma_table_info('incidents') order by cid";

pub struct Stage {
    pub scene: Scene,
    /// Of the first incident.
    pub id: String,
}

impl Stage {
    pub async fn set(incidents: usize, lines: usize) -> Result<Self> {
        let mut scene = Scene::start(Engine::Sqlite).await?;
        let id = scene.incidents(1).await?.remove(0);
        scene.daemon.as_responder().await;
        attach(&scene, &id, lines).await?;
        scene.daemon.stop().await;
        copy(&scene.daemon.database_url(), incidents.saturating_sub(1)).await?;
        scene.daemon.restart().await;
        scene.address = scene.daemon.url().trim_start_matches("http://").parse()?;
        Ok(Self { scene, id })
    }

    /// The client, with the list on its screen.
    pub async fn client(&self) -> Terminal {
        let (columns, rows) = SIZE;
        let terminal = self.scene.daemon.client(Role::Responder, columns, rows).await;
        terminal.wait_for_text(FIRST, LIMIT).await;
        terminal.wait_for_text("live", LIMIT).await;
        terminal
    }

    /// The client, with all lines of the first incident before it.
    pub async fn reader(&self, lines: usize) -> Result<Terminal> {
        let mut terminal = self.client().await;
        terminal.send("g\r");
        terminal.wait_for_text("[Overview]", LIMIT).await;
        terminal.send("[");
        terminal.wait_for_text("[Logs ", LIMIT).await;
        let mut held = 0;
        while held < lines {
            terminal.send("g");
            let more = |screen: &str| held_lines(screen).is_some_and(|now| now > held);
            terminal.wait_for("more lines", LIMIT, more).await;
            held = held_lines(&terminal.text()).ok_or("the pane says how many lines it holds")?;
        }
        Ok(terminal)
    }
}

/// How many lines the pane says it holds.
fn held_lines(screen: &str) -> Option<usize> {
    let before = |end: &str| {
        let (before, _) = screen.split_once(end)?;
        let word = before.split_whitespace().next_back()?;
        word.replace(',', "").parse().ok()
    };
    before(" lines here, older").or_else(|| {
        let (_, after) = screen.split_once(" all ")?;
        let (number, _) = after.split_once(" lines")?;
        number.replace(',', "").parse().ok()
    })
}

/// Attaches lines to an incident, numbered from the first.
async fn attach(scene: &Scene, id: &str, lines: usize) -> Result<()> {
    let mut sender = Sender::open(scene.address).await?;
    for first in (0..lines).step_by(BATCH) {
        let batch = batch(first, BATCH.min(lines - first));
        let path = format!("/v1/incidents/{id}/logs");
        let (status, answer) =
            sender.ask(&request("POST", &path, &scene.token, Some(&batch))).await?;
        if status != 201 {
            let answer = String::from_utf8_lossy(&answer).into_owned();
            return Err(format!("log lines were answered {status}: {answer}").into());
        }
    }
    Ok(())
}

/// So many lines as a body.
pub fn batch(first: usize, count: usize) -> String {
    let mut body = String::from("[");
    for number in first..first + count {
        let level = ["info", "warn", "error", "debug"][number % 4];
        let comma = if number > first { "," } else { "" };
        // Writing to a string cannot fail.
        let _ = write!(
            body,
            r#"{comma}{{"message":"request {number} timed out after 4003 ms","level":"{level}","source":"api"}}"#
        );
    }
    body.push(']');
    body
}

#[expect(clippy::disallowed_methods, reason = "made of constants and of the schema's own names")]
async fn copy(url: &str, count: usize) -> Result<()> {
    let mut conn = SqliteConnection::connect(url).await?;
    let columns: Vec<String> = sqlx::query_scalar(COLUMNS).fetch_all(&mut conn).await?;
    let values: Vec<&str> = columns
        .iter()
        .map(|column| match column.as_str() {
            "id" => "randomblob(16)",
            "number" => "10000 + i",
            "priority" => "i % 3",
            "log_count" => "0",
            other => other,
        })
        .collect();
    let age = AGE.replace(":then", THEN);
    sqlx::query(AssertSqlSafe(age)).execute(&mut conn).await?;
    if count > 0 {
        let copies = COPIES
            .replace(":columns", &columns.join(", "))
            .replace(":values", &values.join(", "))
            .replace(":count", &count.to_string());
        sqlx::query(AssertSqlSafe(copies)).execute(&mut conn).await?;
    }
    conn.close().await?;
    Ok(())
}
