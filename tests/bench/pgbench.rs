//! The ceiling of a PostgreSQL daemon: pgbench with the statements of a create.

use std::path::PathBuf;
use std::process::Stdio;

use reqwest::Url;
use sqlx::PgConnection;
use tempfile::NamedTempFile;
use tokio::process::Command;
use watchfire_tests::postgres::tool;

use crate::measure::Result;
use crate::rows::Inserts;

const MISSING: &str = "there is no pgbench: install PostgreSQL, which brings it.";

pub struct Pgbench {
    program: PathBuf,
    script: NamedTempFile,
    inserts: Inserts,
    /// Without the password, which a list of processes would show.
    url: String,
    password: String,
    clients: usize,
}

impl Pgbench {
    /// On a database in which a daemon has made one incident.
    pub async fn new(url: &str, mut conn: PgConnection, clients: usize) -> Result<Self> {
        let inserts = Inserts::postgres(&mut conn).await?;
        let script = script(&[&inserts.incident, &inserts.event])?;
        let mut url = Url::parse(url)?;
        let password = url.password().unwrap_or_default();
        let password = percent_encoding::percent_decode_str(password).decode_utf8()?.into_owned();
        url.set_password(None).map_err(|()| "the address of PostgreSQL has no host")?;
        let program = tool("pgbench").ok_or(MISSING)?;
        Ok(Self { program, script, inserts, url: url.into(), password, clients })
    }

    /// The same transaction without its event.
    pub fn without_event(&self) -> Result<Self> {
        let inserts = self.inserts.clone();
        let script = script(&[&inserts.incident])?;
        let (program, password) = (self.program.clone(), self.password.clone());
        Ok(Self {
            program,
            script,
            inserts,
            url: self.url.clone(),
            password,
            clients: self.clients,
        })
    }

    /// Transactions per second.
    pub async fn rate(&self, seconds: u32) -> Result<f64> {
        let output = Command::new(&self.program)
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
            .arg(format!("--client={}", self.clients))
            .arg(format!("--time={seconds}"))
            .arg("--file")
            .arg(self.script.path())
            .arg(&self.url)
            .env("PGPASSWORD", &self.password)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await?;
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            let cause = String::from_utf8_lossy(&output.stderr);
            // Every client says the same.
            return Err(
                format!("pgbench failed: {}", cause.lines().next().unwrap_or_default()).into()
            );
        }
        tps(&text).ok_or_else(|| format!("pgbench did not say its rate: {text}").into())
    }
}

/// One transaction with these inserts.
fn script(inserts: &[&str]) -> Result<NamedTempFile> {
    let script = NamedTempFile::new()?;
    let inserts = inserts.join(";\n");
    let text = format!(
        "begin;\nselect nextval('incident_number') as number \\gset\n{inserts};\ncommit;\n"
    );
    std::fs::write(script.path(), text)?;
    Ok(script)
}

fn tps(text: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read() {
        let text = "latency average = 1.5 ms\ntps = 8123.456 (without initial connection time)\n";
        assert!((tps(text).unwrap() - 8123.456).abs() < f64::EPSILON);
        assert_eq!(tps("pgbench: error"), None);
    }
}
