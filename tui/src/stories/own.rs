//! Commands of the person's own.

use std::path::Path;

use watchfire_shared::incident::Incident;

use super::client::Client;
use super::world::*;
use crate::effect::{Effect, Program, RequestId, Way};
use crate::event::{Failure, FailureKind, Outcome, Ran};
use crate::keymap::Context;
use crate::settings;

const CONFIG: &str = r#"
[[commands]]
name = "runbook"
key = "ctrl-x"
argv = ["runbook", "--of={reference}", "{title}"]

[[commands]]
name = "tell"
argv = ["tell", "{label.team} {{now}}"]
output = "none"
confirm = true

[[commands]]
name = "restart"
key = "X"
argv = ["restart", "{service}"]
confirm = true
dangerous = true

[[commands]]
name = "logs"
key = "L"
argv = ["less", "{url}"]
interactive = true
"#;

pub fn configured(incidents: &[Incident], read_only: bool) -> Client {
    let (settings, mistakes) = settings::read(Path::new("config.toml"), CONFIG);
    assert_eq!(mistakes, []);
    let mut client = Client::with(|start| {
        start.setup = settings.setup;
        start.read_only = read_only;
    })
    .connected(incidents);
    client.take();
    client
}

fn client() -> Client {
    configured(&incidents(), false)
}

/// What is to be run.
pub fn runs(client: &mut Client) -> Vec<(RequestId, Program)> {
    let effects = client.take().into_iter();
    let run = |effect| match effect {
        Effect::Run { request, program } => Some((request, program)),
        _ => None,
    };
    effects.filter_map(run).collect()
}

pub fn said(output: &str) -> Outcome {
    let (end, output) = ("exit status: 0".to_owned(), output.to_owned());
    Outcome::Ran(Ran { end, good: true, output })
}

#[test]
fn it_is_run_about_the_row_under_the_cursor_and_a_title_stays_one_argument() {
    let title = "$(touch x); \"' {id} && `rm`\nsecond";
    let mut client = configured(&[incident(204, "first"), incident(203, title)], false);
    client.press("j ctrl-x");
    let runs = runs(&mut client);
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].1.argv, ["runbook", "--of=INC-203", title]);
    assert!(matches!(runs[0].1.way, Way::Background { page: true, .. }));
}

#[test]
fn the_page_shows_what_was_said_to_who_waits_for_it() {
    let mut client = client();
    client.press("ctrl-x");
    let (request, _) = runs(&mut client).remove(0);
    client.wait(3_000);
    assert!(client.screen().contains("runbook INC-204 3 s"), "{}", client.screen());
    client.done(request, said("Step 1: \u{1b}[2Jlook\n\u{202e}Step 2"));
    assert_eq!(client.model.context(), Context::Output);
    insta::assert_snapshot!("own_output", client.screen());
    client.resize(200, 60);
    insta::assert_snapshot!("own_output_200", client.screen());
    client.press("r a X");
    assert!(runs(&mut client).is_empty() && client.sends_nothing(), "a page acts on nothing");
    client.press("q");
    assert_eq!(client.model.context(), Context::List);
}

#[test]
fn who_went_on_meanwhile_is_told_where_the_output_is() {
    let mut client = client();
    client.press("ctrl-x");
    let (request, _) = runs(&mut client).remove(0);
    client.press("j");
    assert_eq!(client.selected(), "INC-203", "a key is never blocked");
    client.done(request, said("fine"));
    assert_eq!(client.model.context(), Context::List);
    assert_eq!(client.flash(), "runbook on INC-204: exit status: 0; :output shows what it said");
}

#[test]
fn a_long_output_scrolls() {
    let mut client = client();
    client.press("ctrl-x");
    let (request, _) = runs(&mut client).remove(0);
    let lines: Vec<String> = (1..=100).map(|n| format!("line {n}")).collect();
    client.done(request, said(&lines.join("\n")));
    client.press("G");
    assert!(client.screen().contains("line 100"), "{}", client.screen());
    client.press("g");
    assert!(client.screen().contains("$ runbook '--of=INC-204' 'Checkout latency p99 over 4 s'"));
}

#[test]
fn who_writes_is_not_interrupted() {
    let mut client = client();
    client.press("ctrl-x");
    let (request, _) = runs(&mut client).remove(0);
    client.press("n");
    client.type_text("we see");
    client.done(request, said("done"));
    client.type_text(" it");
    assert_eq!(client.model.context(), Context::Comment);
    assert!(client.screen().contains("we see it"), "{}", client.screen());
    let flash = "runbook on INC-204: exit status: 0; :output shows what it said";
    assert_eq!(client.flash(), flash);
    client.press("esc :");
    client.type_text("output");
    client.press("enter");
    assert_eq!(client.model.context(), Context::Output);
    assert!(client.screen().contains("done"));
}

#[test]
fn what_is_read_stays_when_another_program_ends() {
    let mut client = client();
    client.press("ctrl-x j ctrl-x");
    let runs = runs(&mut client);
    client.done(runs[1].0, said("of the second"));
    client.done(runs[0].0, said("of the first"));
    assert!(client.screen().contains("of the second"), "{}", client.screen());
    assert!(client.flash().contains("runbook on INC-204"), "{}", client.flash());
    client.press("esc :");
    client.type_text("output");
    client.press("enter");
    assert!(client.screen().contains("of the first"), "{}", client.screen());
}

#[test]
fn what_an_incident_does_not_have_is_refused_in_words() {
    let mut client = client();
    client.press(":");
    client.type_text("tell");
    client.press("enter");
    assert_eq!(client.flash(), "tell not run: INC-204 has no label team");
    assert!(runs(&mut client).is_empty() && client.model.overlay.is_none());
    let nameless = Incident { service: String::new(), ..incident(7, "x") };
    let mut client = configured(&[nameless], false);
    client.press("X");
    assert_eq!(client.flash(), "restart not run: INC-7 has no service");
}

#[test]
fn a_question_names_command_and_incident_and_no_is_no() {
    let mut client = client();
    client.press("X");
    assert!(runs(&mut client).is_empty());
    insta::assert_snapshot!("own_question", client.screen());
    client.press("esc");
    assert_eq!(client.model.context(), Context::List);
    client.press("X enter");
    assert_eq!(runs(&mut client)[0].1.argv, ["restart", "checkout"]);
    assert!(client.model.overlay.is_none());
}

#[test]
fn a_question_runs_what_it_lists_whatever_moves_meanwhile() {
    let mut client = client();
    client.press("j X");
    let asked = client.screen();
    assert!(asked.contains("Run restart on INC-203?"), "{asked}");
    client.model.list.selected = Some(id(204));
    client.press("enter");
    let service = incidents()[1].service.clone();
    assert_eq!(runs(&mut client)[0].1.argv, ["restart".to_owned(), service]);
}

#[test]
fn with_marks_it_runs_once_for_each_after_one_question() {
    let nameless = Incident { service: String::new(), ..incident(3, "no service") };
    let all = [incident(1, "one"), incident(2, "two"), nameless, incident(4, "four")];
    let mut client = configured(&all, false);
    client.press("space space space X");
    insta::assert_snapshot!("own_question_marks", client.screen());
    client.resize(200, 60);
    insta::assert_snapshot!("own_question_marks_200", client.screen());
    client.press("enter");
    let runs = runs(&mut client);
    assert_eq!(runs.len(), 2);
    client.done(runs[0].0, said("fine"));
    assert!(client.screen().contains("restart 2 of 2"), "{}", client.screen());
    let failed = Failure::new(FailureKind::Offline, "there is no program restart");
    client.done(runs[1].0, Outcome::Failed(failed));
    let screen = client.screen();
    assert!(screen.contains("INC-1: exit status: 0") && screen.contains("fine"), "{screen}");
    assert!(screen.contains("INC-2: there is no program restart"), "{screen}");
}

#[test]
fn a_dangerous_one_is_refused_to_who_may_only_read_and_on_old_data() {
    let mut client = configured(&incidents(), true);
    client.press("X");
    assert_eq!(client.flash(), "restart not run: read_only is set in config.toml");
    client.press("ctrl-x");
    assert_eq!(runs(&mut client).len(), 1, "the other is not dangerous");

    let mut client = self::client();
    client.press("X");
    client.wait(60_000);
    client.press("enter");
    let flash = client.flash();
    assert!(flash.starts_with("restart not run: it is dangerous, and what you see is"), "{flash}");
    client.press("X");
    assert!(runs(&mut client).is_empty() && client.model.overlay.is_none());
}

#[test]
fn an_interactive_one_has_the_terminal_and_says_how_it_ended() {
    let mut client = client();
    client.press("L");
    let (request, program) = runs(&mut client).remove(0);
    assert_eq!(program.way, Way::Terminal);
    assert_eq!(program.argv, ["less", "http://127.0.0.1:4911/v1/incidents/INC-204"]);
    client.done(request, said(""));
    assert_eq!(client.flash(), "logs on INC-204: exit status: 0");
    assert_eq!(client.model.context(), Context::List);
}

#[test]
fn help_and_palette_know_them_by_name() {
    let mut client = client();
    client.resize(200, 60);
    client.press("?");
    insta::assert_snapshot!("own_help_200", client.screen());
    client.resize(80, 24);
    client.press("G");
    insta::assert_snapshot!("own_help", client.screen());
    client.press("esc :");
    client.type_text("restart");
    assert!(client.screen().contains("restart           your command"), "{}", client.screen());
    client.press("enter enter");
    assert_eq!(runs(&mut client)[0].1.argv, ["restart", "checkout"]);
}

#[test]
fn where_no_incident_is_shown_its_key_means_nothing() {
    let mut client = client();
    client.press("4 ctrl-x X");
    assert!(runs(&mut client).is_empty() && client.model.overlay.is_none());
}
