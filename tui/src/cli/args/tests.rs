use super::*;
use clap::CommandFactory;

fn parse(line: &str) -> Result<Arguments, clap::Error> {
    Arguments::read(line.split('|').map(OsString::from))
}

#[test]
fn is_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn a_filter_may_begin_with_a_minus_and_flags_stay_flags() {
    let parsed = parse("watchfire|ls|status:open|-service:search|--limit|5|--json").unwrap();
    assert!(parsed.json);
    let Some(Command::Ls(ls)) = parsed.command else { panic!("not ls") };
    assert_eq!(ls.filter, ["status:open", "-service:search"]);
    assert_eq!(ls.limit, 5);
    let parsed = parse("watchfire|ls|-service:search|--sort|-created").unwrap();
    let Some(Command::Ls(ls)) = parsed.command else { panic!("not ls") };
    assert_eq!(ls.filter, ["-service:search"]);
    assert_eq!(ls.sort.as_deref(), Some("-created"));
}

#[test]
fn wrong_usage_is_refused() {
    for wrong in [
        "watchfire|show|42",
        "watchfire|set|INC-4",
        "watchfire|set|INC-4|--expect-status|open",
        "watchfire|set|INC-4|--priority|urgent",
        "watchfire|new",
        "watchfire|new|title|--label|nonsense",
        "watchfire|ls|--sort|colour",
        "watchfire|logs|INC-4|--attach|-|-f",
        "watchfire|login",
        "watchfire|redrive|INC-4",
        "watchfire|outbox|retry",
        "watchfire|outbox|retry|INC-4",
        "watchfire|discard|01890000-0000-7000-8000-000000000001",
        "watchfire|dead-letters|--state|parked",
        "watchfire|assess",
        "watchfire|cache",
        "watchfire|cache|burn",
        "watchfire|cache|ttl",
        "watchfire|cache|purge",
        "watchfire|cache|keys|--limit|0",
    ] {
        let error = parse(wrong).expect_err(wrong);
        assert_eq!(error.exit_code(), 2, "{wrong}");
    }
}

#[test]
fn the_help_names_every_exit_code() {
    let help = Arguments::command().render_long_help().to_string();
    for code in crate::cli::Exit::ALL {
        assert!(help.contains(&format!("\n  {}  ", code as u8)), "{code:?}");
    }
}

#[test]
fn a_command_knows_what_it_is_about() {
    let id = "01890000-0000-7000-8000-000000000001";
    for (line, subject) in [
        ("watchfire|assess|inc-4".to_owned(), Some("INC-4")),
        ("watchfire|assessments|INC-4|-n|3".to_owned(), Some("INC-4")),
        (format!("watchfire|redrive|{id}"), Some(id)),
        (format!("watchfire|discard|{id}|--reason|counted by hand"), Some(id)),
        ("watchfire|dead-letters|--state|discarded".to_owned(), None),
        ("watchfire|processes|--json".to_owned(), None),
        ("watchfire|outbox".to_owned(), None),
        (format!("watchfire|outbox|retry|{id}"), Some(id)),
        ("watchfire|cache|stats".to_owned(), None),
        ("watchfire|cache|purge|--old|--others".to_owned(), None),
    ] {
        let command = parse(&line).expect(&line).command.expect("a command");
        assert_eq!(command.subject().as_deref(), subject, "{line}");
    }
}
