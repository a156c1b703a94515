//! However the client ends, and whatever is open then, the terminal is as it was: its settings, the
//! screen, the cursor, and every mode that was switched. `WATCHFIRE_RESTORE_ROUNDS` says how often
//! each way is gone.

use std::fs;
use std::path::Path;
use std::time::Duration;

use portable_pty::CommandBuilder;
use rustix::process::{Signal, kill_process};
use tempfile::TempDir;
use tokio::task::{JoinSet, spawn_blocking};
use watchfire::config::Config;
use watchfire::model::{Look, Model, Start, Zone};
use watchfire::panics;
use watchfire::run::input::{self, Input};
use watchfire::run::screen::Screen;
use watchfire_shared::user::Role;
use watchfire_tests::{Daemon, Engine, Line, Terminal, bounded, eventually, programs, terminal};

use super::SOON;

const ROUNDS: &str = "WATCHFIRE_RESTORE_ROUNDS";
/// Set where this test program plays the client; says where it fails inside.
const INSIDE: &str = "WATCHFIRE_TEST_INSIDE";
/// What the client that plays itself waits for before something in it fails.
const SIGN: &str = "fail-now";
/// An editor that asks for everything a terminal can do, and takes nothing back.
const EDITOR: &str = r"
stty raw -echo
printf '\033[?1049h\033[?25l\033[?1000h\033[?1006h\033[?1004h\033[?2004h'
";
/// A mode that only the editor asks for.
const FOCUS: u16 = 1004;
/// A terminal that is gone, or takes nothing, keeps the client no longer than this.
const GONE: Duration = Duration::from_secs(15);

/// Between two keys that are to be seen in two frames.
const FRAME: Duration = Duration::from_millis(20);

/// What may be open: how one gets there, and what tells that one is there.
const OPEN: [(&str, &str); 6] = [
    ("", "INC-2"),
    ("*a", "2 incidents?"),
    ("nnot sent", "not sent"),
    ("\r]]]]", "[Logs"),
    (":", "in $EDITOR"),
    ("?", "hand back"),
];
const KEYS: [&str; 2] = ["q", "\x03"];
const SIGNALS: [Signal; 3] = [Signal::INT, Signal::TERM, Signal::HUP];

fn rounds() -> usize {
    programs::number(ROUNDS).unwrap_or(1)
}

/// A daemon with two incidents, and an editor.
struct Scene {
    daemon: Daemon,
    home: TempDir,
}

impl Scene {
    async fn start() -> Self {
        let daemon = Daemon::start(Engine::Sqlite).await;
        let api = daemon.as_responder().await;
        api.create("Checkout is slow").await;
        api.create("Search is slow").await;
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("waits"), format!("{EDITOR}exec sleep 600")).unwrap();
        fs::write(home.path().join("dies"), format!("{EDITOR}kill -9 $$")).unwrap();
        Self { daemon, home }
    }

    async fn client(&self, editor: &str) -> Terminal {
        let program = programs::path("watchfire");
        let mut command = terminal::command(program, self.home.path());
        command.env("EDITOR", self.editor(editor));
        for (name, value) in self.daemon.access(Role::Responder).await {
            command.env(name, value);
        }
        let client = Terminal::spawn(command, 80, 24);
        client.wait_for_text("INC-2", SOON).await;
        client.wait_for_text("● live", SOON).await;
        client
    }

    fn editor(&self, name: &str) -> String {
        format!("sh {}", self.home.path().join(name).display())
    }

    async fn line(&self, controls: bool) -> Line {
        let mut command = programs::command(programs::path("watchfire"), self.home.path());
        command.env("TERM", "xterm-256color").env("EDITOR", self.editor("waits"));
        command.envs(self.daemon.access(Role::Responder).await);
        spawn_blocking(move || {
            let mut line = Line::start(&command, controls, 80, 24);
            line.wait_for("INC-2");
            line
        })
        .await
        .unwrap()
    }
}

async fn open(client: &mut Terminal, (keys, sign): (&str, &str)) {
    client.send(keys);
    client.wait_for_text(sign, SOON).await;
}

/// The program has ended, and the terminal is as it was.
async fn assert_restored(client: &Terminal, way: &str) {
    client.ended(SOON).await;
    assert_eq!(client.settings(), client.settings_before(), "{way}");
    client.written(|written| assert_eq!(written.unusual_modes(), [], "{way}"));
    client.screen(|screen| {
        assert!(!screen.alternate_screen() && !screen.hide_cursor(), "{way}");
    });
}

#[tokio::test]
async fn after_a_key_and_after_a_signal_whatever_is_open() {
    bounded(async {
        let scene = Scene::start().await;
        for _ in 0..rounds() {
            for key in KEYS {
                let mut client = scene.client("waits").await;
                client.send(key);
                assert_restored(&client, key).await;
            }
            for (at, place) in OPEN.into_iter().enumerate() {
                let mut client = scene.client("waits").await;
                open(&mut client, place).await;
                let signal = SIGNALS[at % SIGNALS.len()];
                client.signal(signal);
                assert_restored(&client, &format!("{signal:?} at {place:?}")).await;
                client.written(|written| assert_eq!(written.strange(), [""; 0]));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn after_an_editor_that_left_a_mess() {
    bounded(async {
        let scene = Scene::start().await;
        for _ in 0..rounds() {
            for signal in [Signal::TERM, Signal::HUP] {
                let mut client = scene.client("waits").await;
                client.send("e");
                client
                    .wait_until("the editor", SOON, |client| {
                        client.written(|written| written.has_switched(FOCUS))
                    })
                    .await;
                client.signal(signal);
                assert_restored(&client, &format!("{signal:?} in the editor")).await;
            }
            let mut client = scene.client("dies").await;
            client.send("e");
            client.wait_for_text("signal: 9", SOON).await;
            client.written(|written| {
                let unusual = [(25, false), (1049, true), (2004, true)];
                assert_eq!(written.unusual_modes(), unusual, "as the client wants it");
            });
            client.send("\x1bq");
            client.send("\x03");
            assert_restored(&client, "an editor that died").await;
        }
    })
    .await;
}

/// This program as the client that fails inside at a place.
fn failing(place: &str, home: &Path) -> Terminal {
    Terminal::spawn(failing_at(place, home), 80, 24)
}

fn failing_at(place: &str, home: &Path) -> CommandBuilder {
    let mut command = terminal::command(std::env::current_exe().unwrap(), home);
    command.args(["--exact", "client::restore::inside", "--nocapture"]);
    command.env(INSIDE, place);
    command
}

#[tokio::test]
async fn after_a_panic_wherever_it_is() {
    bounded(async {
        let home = tempfile::tempdir().unwrap();
        for _ in 0..rounds() {
            for place in ["screen", "task", "thread", "editor"] {
                let client = failing(place, home.path());
                client.ended(SOON).await;
                let text = client.text();
                assert!(text.contains("watchfire: something failed inside"), "{place}: {text}");
                assert!(client.written(|written| written.has_switched(1049)), "{place}");
                assert_restored(&client, place).await;
            }
        }
    })
    .await;
}

/// The program's own loop, beside which something fails: it goes on, on a screen that nobody has written
/// over, and at the end says what it was.
#[tokio::test]
async fn after_a_panic_beside_the_loop() {
    bounded(async {
        let scene = Scene::start().await;
        let home = scene.home.path();
        for _ in 0..rounds() {
            let mut command = failing_at("loop", home);
            for (name, value) in scene.daemon.access(Role::Responder).await {
                command.env(name, value);
            }
            let mut client = Terminal::spawn(command, 80, 24);
            client.wait_for_text("INC-2", SOON).await;
            client.wait_for_text("● live", SOON).await;
            let sign = home.join(SIGN);
            fs::write(&sign, "now").unwrap();
            eventually(async || (!sign.exists()).then_some(())).await;
            open(&mut client, ("?", "hand back")).await;
            client.send("q\x03");
            assert_restored(&client, "beside the loop").await;
            let text = client.text();
            assert!(text.contains("something failed inside (beside the loop"), "{text}");
            client.written(|written| assert_eq!(written.strange(), [""; 0]));
        }
    })
    .await;
}

/// The whole client, and a thread that fails as soon as there is a sign for it.
fn beside_the_loop(home: &Path) -> std::process::ExitCode {
    let sign = home.join(SIGN);
    std::thread::spawn(move || {
        while !sign.exists() {
            std::thread::sleep(FRAME);
        }
        fs::remove_file(sign).unwrap();
        panic!("beside the loop");
    });
    watchfire::run::open(&Config::load(None).unwrap()).unwrap();
    std::process::ExitCode::SUCCESS
}

/// Not a test but the client of [`failing`]: the real screen and the real guard around it.
#[test]
fn inside() {
    let Some(place) = programs::variable(INSIDE) else { return };
    let place = place.into_string().unwrap();
    panics::guarded(move || {
        if place == "loop" {
            return beside_the_loop(Path::new(&programs::variable("HOME").unwrap()));
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        runtime.block_on(async {
            let mut screen = Screen::enter().unwrap();
            screen.draw(&model()).unwrap();
            match place.as_str() {
                "lends" => lend_often().await,
                "screen" => panic!("in the loop"),
                "task" => {
                    let mut tasks = JoinSet::new();
                    tasks.spawn(async { panic!("in a task") });
                    assert!(tasks.join_next().await.unwrap().is_err());
                }
                "thread" => assert!(spawn_blocking(|| panic!("in a thread")).await.is_err()),
                _ => {
                    screen.leave();
                    screen.take_back().unwrap();
                    panic!("after the editor");
                }
            }
        });
        std::process::ExitCode::SUCCESS
    });
}

/// Asks for a key and lends the terminal at once: the thread that is to wait for one may not have begun.
async fn lend_often() {
    for _ in 0..1_000 {
        let mut input = Input::open();
        tokio::select! {
            biased;
            typed = input.next() => panic!("nobody typed: {typed:?}"),
            () = std::future::ready(()) => {}
        }
        input.release().await;
        input::forget().unwrap();
    }
}

#[tokio::test]
async fn whoever_lends_the_terminal_often_has_it_back_each_time() {
    bounded(async {
        let home = tempfile::tempdir().unwrap();
        let client = failing("lends", home.path());
        // Nobody presses a key, which would set free who waits for the terminal.
        let ended = client.ended(SOON).await;
        assert!(ended.success(), "{}", client.text());
    })
    .await;
}

fn model() -> Model {
    let start = Start {
        address: "local".to_owned(),
        context: None,
        base: String::new(),
        zone: Zone::Local,
        look: Look { colour: true, unicode: true },
        size: (80, 24),
        signed_in: true,
        setup: watchfire::model::setup::Setup::default(),
        mistakes: Vec::new(),
        in_tmux: false,
        read_only: false,
    };
    Model::new(start, watchfire::clock::now())
}

#[tokio::test]
async fn a_terminal_that_is_gone_is_the_end() {
    bounded(async {
        let scene = Scene::start().await;
        for _ in 0..rounds() {
            for controls in [true, false] {
                for keys in ["", "j", "*a", "e"] {
                    let mut line = scene.line(controls).await;
                    let ended = spawn_blocking(move || {
                        line.send(keys);
                        if keys == "e" {
                            line.wait_for("\x1b[?1004h");
                        }
                        line.cut();
                        line.ended(GONE)
                    });
                    let ended = ended.await.unwrap();
                    assert!(ended.is_some(), "{keys:?}, controlling: {controls}");
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_terminal_that_takes_nothing_keeps_nobody() {
    bounded(async {
        let scene = Scene::start().await;
        let mut line = scene.line(true).await;
        let before = scene.line(true).await.settings();
        let ended = spawn_blocking(move || {
            assert_eq!(line.settings(), before, "both are in use");
            for _ in 0..100 {
                // Each way most of the screen is drawn, and nobody reads it.
                for key in ["?", "q"] {
                    line.send(key);
                    std::thread::sleep(FRAME);
                }
            }
            kill_process(line.pid(), Signal::TERM).unwrap();
            let ended = line.ended(GONE);
            (ended, line.settings() == before)
        });
        let (ended, same) = ended.await.unwrap();
        assert!(ended.is_some(), "it stands in a write");
        assert!(!same, "the line is set as before the client");
    })
    .await;
}

#[tokio::test]
async fn without_a_keyboard_there_is_no_screen() {
    bounded(async {
        let home = tempfile::tempdir().unwrap();
        for stdin in ["<&-", "</dev/null", "| cat"] {
            let program = programs::path("watchfire");
            let script = format!("{} {stdin}; echo over", program.display());
            let mut command = terminal::command("sh", home.path());
            command.args(["-c", &script]);
            let client = Terminal::spawn(command, 80, 24);
            client.wait_for_text("over", SOON).await;
            assert!(client.text().contains("The screen needs a terminal"), "{}", client.text());
            assert_restored(&client, stdin).await;
            client.written(|written| assert!(!written.has_switched(1049), "{stdin}"));
        }
    })
    .await;
}
