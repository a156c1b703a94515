//! The ceiling of a PostgreSQL daemon: pgbench with the statements of a create.

use std::path::PathBuf;
use std::process::Stdio;

use reqwest::Url;
use sqlx::PgConnection;
use tempfile::NamedTempFile;
use tokio::process::Command;
use watchfire_tests::programs;

use crate::measure::Result;
use crate::rows::Inserts;

pub struct Pgbench {
    program: PathBuf,
    script: NamedTempFile,
    /// Without the password, which a list of processes would show.
    url: String,
    password: String,
    clients: usize,
}

impl Pgbench {
    /// On a database in which a daemon has made one incident.
    pub async fn new(url: &str, mut conn: PgConnection, clients: usize) -> Result<Self> {
        let Inserts { incident, event } = Inserts::postgres(&mut conn).await?;
        let script = NamedTempFile::new()?;
        let text = format!(
            "begin;\nselect nextval('incident_number') as number \\gset\n{incident};\n{event};\ncommit;\n"
        );
        std::fs::write(script.path(), text)?;
        let mut url = Url::parse(url)?;
        let password = url.password().unwrap_or_default();
        let password = percent_encoding::percent_decode_str(password).decode_utf8()?.into_owned();
        url.set_password(None).map_err(|()| "the address of PostgreSQL has no host")?;
        Ok(Self { program: program()?, script, url: url.into(), password, clients })
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

fn tps(text: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Debian keeps a real one per version, the newest of which is taken; elsewhere it is on the PATH.
fn program() -> Result<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin/pgbench")))
        })
        .filter(|(_, path)| path.is_file())
        .collect();
    found.sort();
    let on_path = || {
        let path = programs::variable("PATH")?;
        std::env::split_paths(&path)
            .map(|folder| folder.join("pgbench"))
            .find(|path| path.is_file())
    };
    found
        .pop()
        .map(|(_, path)| path)
        .or_else(on_path)
        .ok_or_else(|| "there is no pgbench: install PostgreSQL, which brings it.".into())
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
