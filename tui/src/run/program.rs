//! Programs that a person configured: started as they are written, without a shell, in a group of
//! their own, and never left behind.

use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep_until, timeout};

use super::editor::ask_to_end;
use crate::client::ClientError;
use crate::event::{Outcome, Ran};

/// What is kept of an output; a person reads no more of it on a page.
const OUTPUT_MAX: usize = 256 * 1024;
/// A program that is asked to end has this long to do so.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// What a program left running may still say for this long after its end.
const LEFT_OVER: Duration = Duration::from_millis(100);

/// Runs a program in the background, for `limit` at most, and answers with what it said.
pub async fn run(argv: &[String], limit: Duration) -> Result<Outcome, ClientError> {
    let started = start(argv).map_err(|error| ClientError::local(missing(argv, &error)))?;
    let (mut child, mut said, mut group) = started;
    let end = Instant::now() + limit;
    let mut output = Output::default();
    let mut open = true;
    let status = loop {
        tokio::select! {
            status = child.wait() => break Some(status),
            more = output.take(&mut said), if open => open = more,
            () = sleep_until(end) => break None,
        }
    };
    if status.is_none() {
        group.ask();
        let _ = timeout(LAST_WORDS, child.wait()).await;
    }
    let failed = |error| ClientError::local(missing(argv, &error));
    let status = status.transpose().map_err(failed)?;
    let _ = timeout(LEFT_OVER, async { while open && output.take(&mut said).await {} }).await;
    if status.is_some() {
        // What it left running, such as a browser, was meant to stay.
        group.0 = None;
    }
    let (end, good) = match status {
        Some(status) => (status.to_string(), status.success()),
        None => (format!("ended at its time_limit of {} s", limit.as_secs()), false),
    };
    Ok(Outcome::Ran(Ran { end, good, output: output.text() }))
}

/// Gives a program the terminal until it ends; none when `end` came first.
pub async fn run_here(argv: &[String], end: impl Future<Output = ()>) -> Option<Outcome> {
    let failed = |error: io::Error| {
        let end = missing(argv, &error);
        Some(Outcome::Ran(Ran { end, good: false, output: String::new() }))
    };
    let Some(mut command) = command(argv) else {
        return failed(ErrorKind::NotFound.into());
    };
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return failed(error),
    };
    let status: io::Result<ExitStatus> = tokio::select! {
        status = child.wait() => status,
        () = end => {
            ask_to_end(&mut child).await;
            return None;
        }
    };
    match status {
        Ok(status) => {
            let (end, good) = (status.to_string(), status.success());
            Some(Outcome::Ran(Ran { end, good, output: String::new() }))
        }
        Err(error) => failed(error),
    }
}

fn command(argv: &[String]) -> Option<Command> {
    let (program, arguments) = argv.split_first()?;
    let mut command = Command::new(program);
    command.args(arguments);
    Some(command)
}

fn start(argv: &[String]) -> io::Result<(Child, Receiver, Group)> {
    // One pipe for both, so that what was said stays in its order.
    let (reader, writer) = io::pipe()?;
    let mut command = command(argv).ok_or(ErrorKind::NotFound)?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let child = command.process_group(0).kill_on_drop(true).spawn()?;
    // It holds the writing ends.
    drop(command);
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    Ok((child, Receiver::from_owned_fd(OwnedFd::from(reader))?, Group(group)))
}

fn missing(argv: &[String], error: &io::Error) -> String {
    let program = argv.first().map_or("", String::as_str);
    match error.kind() {
        ErrorKind::NotFound => format!("there is no program {program}"),
        _ => format!("{program} cannot be run: {error}"),
    }
}

/// A program and all it has started, which end when it takes too long and when the client ends before.
struct Group(Option<Pid>);

impl Group {
    fn ask(&self) {
        if let Some(group) = self.0 {
            // It may have ended by itself meanwhile.
            let _ = kill_process_group(group, Signal::TERM);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// The first of what was said, and how much more there was.
#[derive(Default)]
struct Output {
    kept: Vec<u8>,
    lost: usize,
}

impl Output {
    /// Reads some; false at the end. What is not kept is read too, or the program would wait for ever.
    async fn take(&mut self, from: &mut Receiver) -> bool {
        let mut some = [0; 2 * 1024];
        let Ok(read @ 1..) = from.read(&mut some).await else {
            return false;
        };
        let fits = read.min(OUTPUT_MAX - self.kept.len());
        self.kept.extend_from_slice(&some[..fits]);
        self.lost += read - fits;
        true
    }

    fn text(&self) -> String {
        let mut text = String::from_utf8_lossy(&self.kept).into_owned();
        if self.lost > 0 {
            text.push_str("\n… ");
            text.push_str(&self.lost.to_string());
            text.push_str(" bytes more are not shown");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    fn argv(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    async fn ran(words: &[&str], limit: Duration) -> Ran {
        match run(&argv(words), limit).await {
            Ok(Outcome::Ran(ran)) => ran,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn an_argument_is_one_whatever_is_in_it() {
        let hostile = "$(touch x); \"' * \n--end";
        let ran = ran(&["printf", "<%s>", hostile], LONG).await;
        assert_eq!(ran.output, format!("<{hostile}>"));
        assert!(ran.good);
    }

    #[tokio::test]
    async fn both_outputs_stay_in_their_order_and_the_status_is_told() {
        let ran = ran(&["sh", "-c", "echo a; echo b >&2; echo c; exit 3"], LONG).await;
        assert_eq!((ran.output.as_str(), ran.end.as_str()), ("a\nb\nc\n", "exit status: 3"));
        assert!(!ran.good);
    }

    #[tokio::test]
    async fn an_output_without_end_is_bounded_and_keeps_nobody_waiting() {
        let script = "head -c 1000000 /dev/zero | tr '\\0' x";
        let ran = ran(&["sh", "-c", script], LONG).await;
        assert!(ran.output.ends_with("x\n… 737856 bytes more are not shown"));
        assert!(ran.good, "it was not stopped by a pipe that nobody reads");
    }

    #[tokio::test]
    async fn at_its_limit_it_ends_with_all_that_it_started() {
        let script = "trap '' TERM; sleep 600 & echo $!; wait; wait";
        let ran = ran(&["sh", "-c", script], Duration::from_millis(300)).await;
        assert!(ran.end.starts_with("ended at its time_limit"), "{ran:?}");
        let stat = format!("/proc/{}/stat", ran.output.trim());
        let gone = async {
            // Killed it is gone, or nobody has asked for its status yet.
            while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
                tokio::task::yield_now().await;
            }
        };
        timeout(LONG, gone).await.expect("it still runs");
    }

    #[tokio::test]
    async fn what_it_leaves_running_is_not_waited_for() {
        let ran = ran(&["sh", "-c", "sleep 5 & echo on its way"], LONG).await;
        assert_eq!(ran.output, "on its way\n");
    }

    #[tokio::test]
    async fn what_cannot_be_run_is_told() {
        for (words, part) in [
            (&["/nowhere/x"][..], "there is no program /nowhere/x"),
            (&["/"], "/ cannot be run"),
            (&["echo", "a\0b"], "echo cannot be run: nul byte"),
        ] {
            let told = run(&argv(words), LONG).await.expect_err("it ran").message;
            assert!(told.starts_with(part), "{told}");
            let here = run_here(&argv(words), std::future::pending()).await;
            assert!(matches!(here, Some(Outcome::Ran(ran)) if ran.end == told));
        }
    }

    #[tokio::test]
    async fn the_end_of_the_client_is_the_end_of_a_program_in_the_terminal() {
        assert!(run_here(&argv(&["sleep", "600"]), ready(())).await.is_none());
    }
}
