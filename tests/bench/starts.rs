//! What a process costs before it does anything: time to ready, memory.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use watchfire_tests::{Engine, Terminal, programs};

use crate::bare::{self, Bare};
use crate::load::{self, Connection};
use crate::measure::{Measured, Plan, Result};
use crate::scene::{Scene, program};

const LIMIT: Duration = Duration::from_secs(30);
/// Between two tries to connect: the resolution of a start.
const TRY_AGAIN: Duration = Duration::from_micros(200);
/// Time without requests before memory is looked at.
const IDLE: Duration = Duration::from_secs(2);
/// How the client starts its own daemon.
const EMBEDDED: [&str; 2] = ["daemon", "run"];
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{}";
/// Incidents in the folder of an existing installation.
const USED: usize = 1_000;

/// The very first start: folder, database, secret and owner are made.
pub async fn fresh(plan: Plan) -> Result<Measured> {
    let embedded = program("watchfire")?;
    let ours = async || {
        let home = TempDir::new()?;
        let address = free_address()?;
        let mut command = Command::from(programs::command(&embedded, home.path()));
        command.args(EMBEDDED).env("WATCHFIRE_HTTP_ADDR", address.to_string());
        milliseconds_to_ready(command, address, "/readyz").await
    };
    started(plan, "a new state folder", ours).await
}

/// A later start, on a database with incidents in it.
pub async fn existing(plan: Plan) -> Result<Measured> {
    let mut scene = Scene::start(Engine::Sqlite).await?;
    scene.incidents(USED).await?;
    scene.daemon.stop().await;
    let embedded = program("watchfire")?;
    let ours = async || {
        let mut command = scene.daemon.command(&embedded);
        command.args(EMBEDDED);
        milliseconds_to_ready(command, scene.address, "/readyz").await
    };
    started(plan, &format!("a state folder with {USED} incidents"), ours).await
}

async fn started(
    plan: Plan,
    on: &str,
    mut ours: impl AsyncFnMut() -> Result<f64>,
) -> Result<Measured> {
    let answer = bare::recorded(ANSWER)?;
    let ceiling = async || bare_start(answer.path()).await;
    // Once each for the page cache.
    ours().await?;
    ceiling().await?;
    let note = format!("exec to 200 on {on}, lower is better; ceiling: exec of bare axum to 200");
    plan.paired("ms", note, ours, ceiling).await
}

async fn bare_start(answer: &Path) -> Result<f64> {
    let address = free_address()?;
    let mut command = bare::command(answer)?;
    command.arg("--address").arg(address.to_string());
    milliseconds_to_ready(command, address, "/v1/incidents").await
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

async fn milliseconds_to_ready(command: Command, address: SocketAddr, path: &str) -> Result<f64> {
    let from = Instant::now();
    let child = ready(command, address, path).await?;
    let time = from.elapsed().as_secs_f64() * 1e3;
    stop(child).await?;
    Ok(time)
}

async fn ready(mut command: Command, address: SocketAddr, path: &str) -> Result<Child> {
    let request = load::request("GET", path, "none", None);
    command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let from = Instant::now();
    let mut child = command.spawn()?;
    loop {
        if let Ok(mut connection) = Connection::open(address).await
            && let Ok((200, _)) = connection.ask(&request).await
        {
            return Ok(child);
        }
        if let Some(status) = child.try_wait()? {
            return Err(format!("the program ended at its start with {status}").into());
        }
        if from.elapsed() > LIMIT {
            return Err(format!("the program is not ready after {LIMIT:?}").into());
        }
        // The runtime's own timer counts in whole milliseconds.
        std::thread::sleep(TRY_AGAIN);
    }
}

async fn stop(mut child: Child) -> Result<()> {
    let pid = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    kill_process(pid.ok_or("the program has ended by itself")?, Signal::TERM)?;
    tokio::time::timeout(LIMIT, child.wait()).await.map_err(|_| "the program does not end")??;
    Ok(())
}

/// Resident memory after one page of the list was read and nothing happened for a while.
pub async fn idle_memory(plan: Plan) -> Result<Measured> {
    let embedded = program("watchfire")?;
    let ours = async || {
        let mut scene = Scene::start(Engine::Sqlite).await?;
        scene.daemon.stop().await;
        let mut command = scene.daemon.command(&embedded);
        command.args(EMBEDDED);
        let child = ready(command, scene.address, "/readyz").await?;
        Connection::open(scene.address).await?.ask(&scene.get("/v1/incidents")).await?;
        tokio::time::sleep(IDLE).await;
        let resident = resident(child.id().ok_or("the program has ended by itself")?)?;
        stop(child).await?;
        Ok(resident)
    };
    let ceiling = async || {
        let bare = Bare::start(ANSWER).await?;
        let request = load::request("GET", "/v1/incidents", "none", None);
        Connection::open(bare.address).await?.ask(&request).await?;
        tokio::time::sleep(IDLE).await;
        resident(bare.pid().ok_or("the bare server has ended")?)
    };
    let note = "resident, embedded, idle for 2 s, lower is better; ceiling: bare axum";
    plan.paired("MiB", note, ours, ceiling).await
}

/// `VmRSS` of a process in MiB.
pub fn resident(pid: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|text| text.trim().strip_suffix(" kB"));
    let kib: f64 = kib.ok_or("the kernel does not say what a process holds")?.parse()?;
    Ok(kib / 1024.0)
}

/// Milliseconds since `from` once a row stands on the terminal.
pub async fn painted(terminal: &Terminal, row: &str, from: Instant) -> Result<f64> {
    terminal.wait_for_text(row, LIMIT).await;
    Ok(from.elapsed().as_secs_f64() * 1e3)
}
