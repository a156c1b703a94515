//! The client in a real terminal of 200×60: from exec to its list, from a key to its picture, what a
//! frame costs, what it costs when nothing happens, and what it holds.

pub mod paint;
mod stage;

use std::path::Path;
use std::time::{Duration, Instant};

use rand::RngExt;
use rand::rngs::StdRng;
use rustix::process::Pid;
use tokio::time::{MissedTickBehavior, interval, sleep};
use watchfire_shared::user::Role;
use watchfire_tests::{Terminal, terminal};

use self::paint::Painter;
use self::stage::{FIRST, SIZE, Stage, batch};
use crate::load::{Connection, request};
use crate::measure::{Measured, Plan, Result, quantile};
use crate::starts::{painted, resident};

const LIMIT: Duration = Duration::from_secs(30);
/// A client that was asked for nothing for so long does nothing any more.
const REST: Duration = Duration::from_millis(60);
/// Keys of each half of a pair, so that the slowest of a hundred are more than one.
const KEYS: usize = 400;
/// Lines of a batch, and batches a second, in a stream of lines.
const LINES: usize = 200;
const BATCHES: u32 = 50;
/// What "loaded" is.
const MANY: usize = 100_000;
const MANY_LINES: usize = 1_000_000;

#[derive(Debug, Clone, Copy)]
pub enum Of {
    /// Milliseconds from exec to the first row among so many incidents.
    Start(usize),
    /// Milliseconds of processor time from a key to rest, p99, with everything loaded.
    Frame(Pane),
    /// Milliseconds from a key to its picture, p99.
    Key,
    /// The same while lines stream in.
    KeyInStream,
    /// Per cent of a core.
    Idle,
    /// MiB, with so many incidents and lines of one of them.
    Memory(usize, usize),
}

#[derive(Debug, Clone, Copy)]
pub enum Pane {
    List,
    Logs,
}

pub async fn measure(plan: Plan, of: Of) -> Result<Measured> {
    match of {
        Of::Start(incidents) => start(plan, incidents).await,
        Of::Frame(pane) => frame(plan, pane).await,
        Of::Key => key(plan).await,
        Of::KeyInStream => key_in_stream(plan).await,
        Of::Idle => idle(plan).await,
        Of::Memory(incidents, lines) => memory(plan, incidents, lines).await,
    }
}

async fn start(plan: Plan, incidents: usize) -> Result<Measured> {
    let stage = Stage::set(incidents, 0).await?;
    let (columns, rows) = SIZE;
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), FIRST)?;
    let ours = async || {
        let from = Instant::now();
        let terminal = stage.scene.daemon.client(Role::Responder, columns, rows).await;
        painted(&terminal, FIRST, from).await
    };
    // Once for the page cache and the database's.
    ours().await?;
    let ceiling = async || {
        let from = Instant::now();
        let mut command = terminal::command("cat", Path::new("/"));
        command.arg(file.path());
        painted(&Terminal::spawn(command, columns, rows), FIRST, from).await
    };
    let note = format!("exec to the first of {incidents} rows; ceiling: exec of cat; goal 50 ms");
    plan.paired("ms", note, ours, ceiling).await
}

async fn frame(plan: Plan, pane: Pane) -> Result<Measured> {
    let stage = Stage::set(MANY, MANY_LINES).await?;
    let mut ours = Pages::of(stage.reader(MANY_LINES).await?, pane).await?;
    let mut peer = Painter::start(ours.recorded().await, SIZE).await?;
    let (pid, peers) = (ours.terminal.pid(), peer.terminal.pid());
    let note = format!(
        "processor time of the client from a key that turns a whole page to rest, p99, with \
         {MANY} incidents and {MANY_LINES} lines of one; beside a program that sends the same \
         bytes; goal 1 ms"
    );
    let ours = async || cost(pid, async || ours.press().await).await;
    let peer = async || cost(peers, async || peer.press().await).await;
    plan.paired("ms", note, ours, peer).await
}

/// Milliseconds of the processor that a key takes, p99.
async fn cost(pid: Pid, mut press: impl AsyncFnMut()) -> Result<f64> {
    let mut took = Vec::new();
    for _ in 0..KEYS {
        let before = processor_time(pid)?;
        press().await;
        sleep(REST).await;
        took.push((processor_time(pid)? - before) * 1e3);
    }
    Ok(quantile(took, 99))
}

async fn key(plan: Plan) -> Result<Measured> {
    let stage = Stage::set(MANY, 0).await?;
    let mut ours = Pages::of(stage.client().await, Pane::List).await?;
    let mut peer = Painter::start(ours.recorded().await, SIZE).await?;
    let note = "a key that turns a page of the list to its last cell, p99; beside a program that \
                sends the same bytes; goal 5 ms";
    let ours = async || Ok(delay(async || ours.press().await).await);
    let peer = async || Ok(delay(async || peer.press().await).await);
    plan.paired("ms", note, ours, peer).await
}

async fn key_in_stream(plan: Plan) -> Result<Measured> {
    let stage = Stage::set(MANY, LINES).await?;
    let mut client = stage.client().await;
    client.send("g\r");
    client.wait_for_text("[Overview]", LIMIT).await;
    let mut turns = ["]", "["].into_iter().cycle();
    let mut turned = ["[Timeline", "[Overview"].into_iter().cycle();
    let mut press = async || {
        client.send(turns.next().unwrap_or_default());
        client.wait_for_text(turned.next().unwrap_or_default(), LIMIT).await;
    };
    let mut pages = Pages::of(stage.client().await, Pane::List).await?;
    let mut peer = Painter::start(pages.recorded().await, SIZE).await?;
    drop(pages);
    let note = format!(
        "a key that turns a tab beside the log pane, p99, while {} lines a second are attached and \
         followed; beside a program that sends a recorded page meanwhile; goal 16 ms",
        LINES * usize::try_from(BATCHES)?
    );
    let ours = async || beside(stream(&stage), delay(&mut press)).await;
    let peer = async || beside(stream(&stage), delay(async || peer.press().await)).await;
    plan.paired("ms", note, ours, peer).await
}

/// What is measured while something else goes on that does not end by itself.
async fn beside(
    never: impl Future<Output = Result<std::convert::Infallible>>,
    measured: impl Future<Output = f64>,
) -> Result<f64> {
    tokio::select! {
        failed = never => match failed? {},
        measured = measured => Ok(measured),
    }
}

/// Attaches lines to the first incident at a steady pace.
async fn stream(stage: &Stage) -> Result<std::convert::Infallible> {
    let path = format!("/v1/incidents/{}/logs", stage.id);
    let request = request("POST", &path, &stage.scene.token, Some(&batch(0, LINES)));
    let mut sender = Connection::open(stage.scene.address).await?;
    let mut tick = interval(Duration::from_secs(1) / BATCHES);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    loop {
        tick.tick().await;
        let (status, _) = sender.ask(&request).await?;
        if status != 201 {
            return Err(format!("log lines were answered {status}").into());
        }
    }
}

/// Milliseconds from a key to its picture, p99, pressed at any moment between two frames.
async fn delay(mut press: impl AsyncFnMut()) -> f64 {
    let mut chance: StdRng = rand::make_rng();
    let mut took = Vec::new();
    for _ in 0..KEYS {
        sleep(chance.random_range(REST / 2..REST)).await;
        let from = Instant::now();
        press().await;
        took.push(from.elapsed().as_secs_f64() * 1e3);
    }
    quantile(took, 99)
}

async fn idle(plan: Plan) -> Result<Measured> {
    let stage = Stage::set(MANY, MANY_LINES).await?;
    let terminal = stage.reader(MANY_LINES).await?;
    sleep(Duration::from_secs(2)).await;
    let time = Duration::from_secs(plan.seconds.into());
    let ours = async || {
        let (bytes, before) = (terminal.bytes_written(), processor_time(terminal.pid())?);
        sleep(time).await;
        let written = terminal.bytes_written() - bytes;
        if written > 0 {
            return Err(format!("the idle client has written {written} bytes").into());
        }
        Ok(100.0 * (processor_time(terminal.pid())? - before) / time.as_secs_f64())
    };
    let note = "processor time of the loaded client when nothing changes, of a core; it draws \
                nothing, or this is an error; beside the goal";
    plan.paired("%", note, ours, async || Ok(0.3)).await
}

async fn memory(plan: Plan, incidents: usize, lines: usize) -> Result<Measured> {
    let stage = Stage::set(incidents, lines).await?;
    let pid = |terminal: &Terminal| u32::try_from(terminal.pid().as_raw_nonzero().get());
    let ours = async || {
        let mut terminal = stage.client().await;
        // Half of the window's rows and more are read.
        for _ in 0..40 {
            terminal.send("\x04");
            sleep(REST).await;
        }
        if lines > 0 {
            terminal = stage.reader(lines).await?;
        }
        resident(pid(&terminal)?)
    };
    let peer = async || {
        let peer = Painter::start([vec![], vec![]], SIZE).await?;
        resident(pid(&peer.terminal)?)
    };
    let goal = if lines > 0 { 150 } else { 30 };
    let note = format!(
        "resident, {incidents} incidents and {lines} lines, after reading them; beside a program \
         that only paints; goal {goal} MB"
    );
    plan.paired("MiB", note, ours, peer).await
}

/// Two pages of which each key shows the other.
struct Pages {
    terminal: Terminal,
    /// What each of them looks like.
    pictures: [String; 2],
    at: usize,
}

impl Pages {
    const KEYS: [&str; 2] = ["\x04", "\x15"];

    async fn of(mut terminal: Terminal, pane: Pane) -> Result<Self> {
        if matches!(pane, Pane::List) {
            terminal.send("1");
            terminal.wait_for_text("TITLE", LIMIT).await;
        }
        // Away from the beginning, where pages overlap; until the view is where keys lead back to.
        for key in
            [Self::KEYS[0]; 6].into_iter().chain([Self::KEYS[1], Self::KEYS[0], Self::KEYS[1]])
        {
            terminal.send(key);
            sleep(REST * 5).await;
        }
        let first = terminal.text();
        terminal.send(Self::KEYS[0]);
        sleep(REST * 5).await;
        let second = terminal.text();
        let mut pages = Self { terminal, pictures: [first, second], at: 1 };
        if pages.pictures[0] == pages.pictures[1] {
            return Err("a key turns no page".into());
        }
        for _ in 0..4 {
            pages.press().await;
        }
        Ok(pages)
    }

    async fn press(&mut self) {
        let page = 1 - self.at;
        self.terminal.send(Self::KEYS[self.at]);
        let wanted = &self.pictures[page];
        self.terminal.wait_for("the other page", LIMIT, |screen| screen == wanted).await;
        self.at = page;
    }

    /// The bytes that turn each page into the other.
    async fn recorded(&mut self) -> [Vec<u8>; 2] {
        let mut frames = [vec![], vec![]];
        for frame in &mut frames {
            self.terminal.keep();
            self.press().await;
            sleep(REST).await;
            *frame = self.terminal.written(|written| written.raw().to_vec());
        }
        frames
    }
}

/// Seconds that all threads of a process have run.
fn processor_time(pid: Pid) -> Result<f64> {
    let mut nanoseconds = 0;
    for task in std::fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero()))? {
        let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
        let ran = text.split_whitespace().next().ok_or("the kernel keeps no figures of threads")?;
        nanoseconds += ran.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds).as_secs_f64())
}
