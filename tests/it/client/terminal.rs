//! The terminal belongs to the person: after any end it is as it was before.

use rustix::process::{Pid, Signal, kill_process};
use watchfire_shared::user::Role;
use watchfire_tests::{Daemon, Engine, Terminal, bounded, programs, terminal};

use super::SOON;

/// How the program is made to end.
#[derive(Debug, Clone, Copy)]
enum End {
    Key(&'static str),
    Signal(Signal),
}

const ENDS: [End; 5] = [
    End::Key("q"),
    End::Key("\x03"),
    End::Signal(Signal::TERM),
    End::Signal(Signal::HUP),
    End::Signal(Signal::INT),
];

/// A person's shell that runs the client, and says afterwards how the terminal is set.
const SHELL: &str = r#"
echo what stood here before
sh -c 'echo $$ >client.pid; exec "$0"' "$0"
echo "ended with $?"
stty -a
read -r line && echo "read <$line>"
"#;

#[tokio::test]
async fn the_terminal_is_as_it_was_after_any_end() {
    bounded(async {
        let daemon = Daemon::start(Engine::Sqlite).await;
        daemon.as_responder().await.create("Checkout is slow").await;
        for end in ENDS {
            ends_well(&daemon, end).await;
        }
    })
    .await;
}

async fn ends_well(daemon: &Daemon, end: End) {
    let home = tempfile::tempdir().unwrap();
    let mut command = terminal::command("sh", home.path());
    command.args(["-c", SHELL]);
    command.arg(programs::path("watchfire"));
    for (name, value) in daemon.access(Role::Responder).await {
        command.env(name, value);
    }
    let mut terminal = Terminal::spawn(command, 80, 24);
    terminal.wait_for_text("Checkout is slow", SOON).await;
    assert_eq!(modes(&terminal), Modes { alternate: true, hidden_cursor: true, paste: true });
    assert!(!terminal.text().contains("before"), "{}", terminal.text());

    match end {
        End::Key(key) => terminal.send(key),
        End::Signal(signal) => {
            let pid = std::fs::read_to_string(home.path().join("client.pid")).unwrap();
            let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
            kill_process(pid, signal).unwrap();
        }
    }
    terminal.wait_for_text("ended with 0", SOON).await;
    // The last of what `stty -a` says.
    terminal.wait_for_text("extproc", SOON).await;
    let off = Modes { alternate: false, hidden_cursor: false, paste: false };
    assert_eq!(modes(&terminal), off, "{end:?}");
    let screen = terminal.text();
    assert!(screen.contains("what stood here before"), "{end:?}:\n{screen}");
    let words: Vec<&str> = screen.split_whitespace().collect();
    for set in ["echo", "icanon", "isig", "icrnl", "opost", "onlcr"] {
        assert!(words.contains(&set), "{set} is off after {end:?}:\n{screen}");
    }
    terminal.send("typed\r");
    terminal.wait_for_text("read <typed>", SOON).await;
    terminal.ended(SOON).await;
}

#[derive(Debug, PartialEq, Eq)]
struct Modes {
    alternate: bool,
    hidden_cursor: bool,
    paste: bool,
}

fn modes(terminal: &Terminal) -> Modes {
    terminal.screen(|screen| Modes {
        alternate: screen.alternate_screen(),
        hidden_cursor: screen.hide_cursor(),
        paste: screen.bracketed_paste(),
    })
}
