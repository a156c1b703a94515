//! Text from outside that tries to deceive: visible on the screen and on the command line, and
//! without any effect.

use serde_json::{Value, json};
use watchfire_shared::user::Role;
use watchfire_tests::{Api, Daemon, Engine, Terminal, bounded};

use super::{SOON, printed};

/// Clears the screen, renames the window, returns to the line's start, turns the direction of
/// reading, colours with a C1 control, stacks marks, and is long and wide.
fn title() -> String {
    let marks = "\u{301}".repeat(20);
    let tail = "監視 long ".repeat(16);
    let head = "\x1b[2J\x1b]0;pwned\x07Bad\rline \u{202e}gpj\u{9b}31m e";
    let text = format!("{head}{marks} {tail}");
    text.trim_end().to_owned()
}

/// How the beginning of [`title`] must look.
const SHOWN: &str = r"␛[2J␛]0;pwned␇Bad␍line \u{202e}gpj\u{9b}31m";

/// What must never reach a terminal: controls but the line feed, and what turns or hides text.
fn is_harmful(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

#[track_caller]
fn assert_harmless(text: &str) {
    assert!(!text.contains(is_harmful), "{text:?}");
    let marks = "\u{301}".repeat(5);
    assert!(!text.contains(&marks), "{text:?}");
}

/// An incident in which every text is hostile, and a harmless one above it.
async fn scene(api: &Api) {
    let body = json!({
        "title": title(), "description": title(), "service": "svc\x1b[7m",
        "labels": { "re\x1b[1mgion": "\u{9b}2Jeu\r\u{2066}x" },
    });
    let incident = api.create_with(body).await;
    api.comment(incident.id, "said\x1b[2J\nand \u{202e}turned").await;
    let lines = json!([{ "level": "err", "source": "a\x1bpi", "message": title(),
        "fields": { "k\x1b[2J": "v\r\u{202e}" } }]);
    api.attach(incident.id, &lines).await;
    api.create_with(json!({ "title": "Harmless", "service": "search" })).await;
}

/// In which column of a row a text begins.
fn column(terminal: &Terminal, row: u16, text: &str) -> Option<u16> {
    terminal.screen(|screen| {
        let columns = screen.size().1.get();
        (0..columns)
            .find(|column| screen.contents_between(row, *column, row, columns).starts_with(text))
    })
}

/// The row that holds a text.
fn row(terminal: &Terminal, text: &str) -> u16 {
    let screen = terminal.text();
    let row = screen.lines().position(|line| line.contains(text));
    u16::try_from(row.unwrap_or_else(|| panic!("no {text:?} on:\n{screen}"))).unwrap()
}

#[tokio::test]
async fn hostile_text_shows_and_does_nothing_on_the_screen() {
    bounded(async {
        let daemon = Daemon::start(Engine::Sqlite).await;
        scene(&daemon.as_responder().await).await;
        let mut client = daemon.client(Role::Responder, 110, 24).await;
        client.wait_for_text("Harmless", SOON).await;
        client.wait_for_text("● live", SOON).await;
        client.wait_for_text("INC-1 ", SOON).await;

        let (good, bad) = (row(&client, "Harmless"), row(&client, "␛[2J"));
        assert_eq!(bad, good + 1, "{}", client.text());
        let title_at = column(&client, good, "Harmless");
        assert_eq!(column(&client, bad, "␛[2J␛]0;pwned␇Bad␍line"), title_at);
        let service_at = column(&client, good, "search");
        assert_eq!(column(&client, bad, "svc␛[7m"), service_at);
        assert_calm(&client);

        client.send("G\r");
        client.wait_for_text("re␛[1mgion ", SOON).await;
        client.wait_for_text(r"\u{9b}2Jeu␍\u{2066}x", SOON).await;
        client.wait_for_text(SHOWN, SOON).await;
        assert_calm(&client);
        client.send("]");
        client.wait_for_text("said␛[2J", SOON).await;
        client.wait_for_text(r"and \u{202e}turned", SOON).await;
        assert_calm(&client);
        client.send("]]]");
        client.wait_for_text("[Logs 1]", SOON).await;
        client
            .wait_for("the log line", SOON, |screen| {
                screen.lines().any(|line| line.contains("error a␛pi") && line.contains(SHOWN))
            })
            .await;
        assert_calm(&client);
    })
    .await;
}

/// Nothing on the screen deceives, and head and foot stand where they belong.
#[track_caller]
fn assert_calm(client: &Terminal) {
    let screen = client.text();
    assert_harmless(&screen);
    let lines: Vec<&str> = screen.lines().collect();
    assert!(lines[0].starts_with(" watchfire ● live"), "{screen}");
    assert_eq!(lines.len(), 24, "{screen}");
    assert!(lines[23].contains("? help"), "{screen}");
    assert!(client.screen(|screen| screen.hide_cursor() && screen.alternate_screen()));
}

#[tokio::test]
async fn hostile_text_shows_and_does_nothing_on_the_command_line() {
    bounded(async {
        let daemon = Daemon::start(Engine::Sqlite).await;
        scene(&daemon.as_responder().await).await;
        let run = async |arguments: &[&str]| {
            let text = printed(&daemon.cli(Role::Responder, arguments).await);
            assert_harmless(&text);
            text
        };
        for (arguments, shown) in [
            (&["ls"][..], SHOWN),
            (&["show", "INC-1"], SHOWN),
            (&["show", "INC-1"], "re␛[1mgion=\\u{9b}2Jeu␍\\u{2066}x"),
            (&["show", "INC-1"], "said␛[2J"),
            (&["logs", "INC-1"], SHOWN),
            (&["events", "--after", "0"], "INC-1"),
            (&["ls", "\x1b[31mnothing"], "No incidents match  ␛[31mnothing"),
            (&["set", "INC-1", "--service", "b\x1b]0;x\x07"], "service"),
        ] {
            let text = run(arguments).await;
            assert!(text.contains(shown), "{arguments:?}: {text}");
        }
        let refused = daemon.cli(Role::Responder, &["show", "\x1b[31mINC"]).await;
        assert_harmless(&String::from_utf8(refused.stderr).unwrap());

        let json = async |arguments: &[&str]| -> Value {
            serde_json::from_str(&run(&[arguments, &["--json"]].concat()).await).unwrap()
        };
        let page = json(&["ls", "--sort", "reference"]).await;
        let titles: Vec<_> =
            page["items"].as_array().unwrap().iter().map(|i| &i["title"]).collect();
        assert!(titles.contains(&&Value::from(title())), "{titles:?}");
        let whole = json(&["show", "INC-1"]).await;
        assert_eq!((&whole["title"], &whole["description"]), (&title().into(), &title().into()));
        assert_eq!(whole["labels"]["re\x1b[1mgion"], "\u{9b}2Jeu\r\u{2066}x");
        assert_eq!(json(&["logs", "INC-1"]).await["items"][0]["message"], title());
        for line in run(&["events", "--after", "0", "--json"]).await.lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            assert!(event["position"].is_i64(), "{line}");
        }
    })
    .await;
}
