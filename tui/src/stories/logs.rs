//! The log pane of an incident: what it shows, where one stands in it, and what that costs.

use std::cell::Cell;

use proptest::prelude::*;
use ratatui::style::Modifier;
use serde_json::json;
use unicode_width::UnicodeWidthStr;
use watchfire_shared::log::{Level, LogEntry};
use watchfire_shared::page::Page;

use super::client::Client;
use super::detail::attached;
use super::world::*;
use crate::effect::{Effect, Export, Lines, Load, RequestId};
use crate::event::{Event, Failure, FailureKind, Outcome};
use crate::model::logs::shape::{self, Columns};
use crate::model::logs::{self as model, LogPane, REACH};
use crate::model::{Look, Screen, layout};
use crate::sift::pattern::{Kind, Pattern};
use crate::sift::{Around, Wanted};

/// Lines on the daemon: every tenth is an error that says `boom N`, the others `tick N`.
fn stored(seq: i64) -> LogEntry {
    match seq % 10 {
        0 => line(seq, Level::Error, &format!("boom {seq}")),
        _ => line(seq, Level::Info, &format!("tick {seq}")),
    }
}

/// A daemon with so many lines, that answers as the real one does.
fn daemon(last: i64) -> impl Fn(&Load) -> Option<Outcome> {
    move |load| match load {
        Load::Logs { before, after, min_level, q, limit, .. } => {
            let passes = |entry: &LogEntry| {
                min_level.is_none_or(|least| entry.level >= least) && entry.message.contains(q)
            };
            let limit = *limit as usize;
            let items: Vec<LogEntry> = if let Some(after) = after {
                (after + 1..=last).map(stored).filter(passes).take(limit).collect()
            } else {
                let to = before.map_or(last, |before| before - 1);
                let mut items: Vec<_> =
                    (1..=to).rev().map(stored).filter(passes).take(limit).collect();
                items.reverse();
                items
            };
            let next_cursor = (items.len() == limit).then(|| "more".to_owned());
            Some(Outcome::Logs(Page { items, next_cursor }))
        }
        other => usual(other),
    }
}

/// The usual lines, as far as they pass what is asked of the daemon.
pub fn passing(load: &Load) -> Option<Outcome> {
    match load {
        Load::Logs { after: None, min_level, q, .. } => {
            let mut items = logs();
            let passes = |entry: &LogEntry| {
                min_level.is_none_or(|least| entry.level >= least) && entry.message.contains(q)
            };
            items.retain(passes);
            Some(Outcome::Logs(Page { items, next_cursor: None }))
        }
        other => usual(other),
    }
}

#[test]
fn what_a_key_does_to_the_lines_is_seen() {
    for key in ["f", "v"] {
        let mut client = Client::live();
        client.press("enter");
        client.answer_all(daemon(100));
        assert!(client.screen().contains("[Overview]"), "{}", client.screen());
        client.press(key);
        client.answer_all(daemon(100));
        assert!(client.screen().contains("[Logs"), "{key}: {}", client.screen());
    }
    // Where the pane stands beside the tab it stays there.
    let mut client = Client::live();
    client.resize(200, 60);
    client.press("enter f");
    client.answer_all(daemon(100));
    assert!(client.screen().contains("[Overview]"), "{}", client.screen());
}

/// Somebody is quicker than the daemon.
#[test]
fn what_is_to_be_held_before_there_is_a_line_is_held_when_it_comes() {
    let mut client = Client::live();
    client.press("enter [ f");
    assert!(client.screen().contains("held"), "{}", client.screen());
    client.answer_all(daemon(100));
    assert!(client.screen().contains("held"), "{}", client.screen());
    client.press("f");
    assert!(client.screen().contains("following"), "{}", client.screen());
}

#[test]
fn more_levels_than_all_there_are_none() {
    let mut client = opened(100);
    client.press("V");
    assert_eq!(client.flash(), "All levels are shown");
    assert_eq!(client.model.detail.as_ref().unwrap().logs.wanted().min_level, None);
}

/// The logs of an incident with so many lines.
fn opened(last: i64) -> Client {
    let mut client = Client::live();
    client.press("enter [");
    client.answer_all(daemon(last));
    client
}

fn pane(client: &Client) -> &LogPane {
    &client.model.detail.as_ref().expect("open").logs
}

/// Answers until nothing is asked any more.
fn answer(client: &mut Client, last: i64) {
    let daemon = daemon(last);
    for _ in 0..200 {
        let loads = client.loads();
        if loads.is_empty() {
            return;
        }
        for (request, load) in loads {
            client.done(request, daemon(&load).expect("an answer"));
        }
    }
    panic!("it asks without end");
}

fn press(client: &mut Client, keys: &str, last: i64) {
    for key in keys.split(' ') {
        client.press(key);
        answer(client, last);
        for _ in 0..100 {
            if pane(client).look_at.is_none() {
                break;
            }
            client.wait(20);
            answer(client, last);
        }
    }
}

fn search(client: &mut Client, text: &str, last: i64) {
    client.press("/");
    client.type_text(text);
    press(client, "enter", last);
}

fn current(client: &Client) -> String {
    pane(client).current().map_or_else(String::new, |line| line.message.to_owned())
}

fn held(client: &Client) -> (i64, i64) {
    let lines = pane(client).lines();
    (lines.first_seq().unwrap_or(0), lines.last_seq())
}

/// The messages on the screen, from the top.
fn messages(client: &Client) -> Vec<String> {
    let screen = client.screen();
    let cut = |line: &str| line.split("  attempt").next().unwrap_or_default().to_owned();
    screen
        .lines()
        .filter(|line| line.contains("attempt="))
        .map(|line| cut(line).split("api        ").last().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn a_search_shows_what_the_daemon_finds_and_marks_it() {
    let mut client = opened(3_000);
    search(&mut client, "BOOM", 3_000);
    assert!(client.screen().contains("No line passes"), "this daemon knows upper and lower case");
    press(&mut client, "esc", 3_000);
    search(&mut client, "oom", 3_000);
    assert_eq!(held(&client), (10, 3_000));
    assert!(client.screen().contains("/oom 300"), "{}", client.screen());
    for look in [Look { colour: true, unicode: true }, Look { colour: false, unicode: true }] {
        client.model.look = look;
        let buffer = client.buffer();
        let marked: String = (0..80)
            .filter(|x| buffer[(*x, 22)].modifier.contains(Modifier::REVERSED))
            .map(|x| buffer[(x, 22)].symbol())
            .collect();
        assert_eq!(marked, "oom");
    }
}

#[test]
fn n_and_its_shifted_twin_go_from_match_to_match_only_where_there_is_a_search() {
    let mut client = opened(300);
    press(&mut client, "N", 300);
    assert!(client.model.overlay.is_some(), "without a search it is a new incident");
    press(&mut client, "esc", 300);
    search(&mut client, "boom", 300);
    // All lines, with the matches among them.
    press(&mut client, "x x x", 300);
    assert_eq!(pane(&client).wanted().around, Around::Everything);
    assert_eq!(messages(&client).len(), 17);
    press(&mut client, "N", 300);
    assert_eq!(current(&client), "boom 290");
    press(&mut client, "N N", 300);
    assert_eq!(current(&client), "boom 270");
    press(&mut client, "n", 300);
    assert_eq!(current(&client), "boom 280");
    press(&mut client, "n n n", 300);
    assert_eq!(
        (current(&client), client.flash()),
        ("boom 300".to_owned(), String::new() + "No match after this line")
    );
    press(&mut client, "esc", 300);
    assert_eq!(client.model.screen, Screen::Detail);
    press(&mut client, "n", 300);
    assert!(client.model.overlay.is_some(), "a comment again");
}

#[test]
fn lines_around_a_match_are_shown_where_one_stands_and_told_apart() {
    let mut client = opened(3_000);
    search(&mut client, "boom", 3_000);
    press(&mut client, "k k", 3_000);
    assert_eq!(current(&client), "boom 2980");
    press(&mut client, "x", 3_000);
    assert_eq!(client.flash(), "Shown: 2 lines around each that passes");
    assert_eq!(current(&client), "boom 2980", "one stands where one stood");
    let shown = messages(&client);
    let expected: Vec<String> =
        ["boom 2970", "tick 2971", "tick 2972", "tick 2978", "tick 2979", "boom 2980"]
            .map(str::to_owned)
            .to_vec();
    assert_eq!(shown[shown.len() - 6..], expected, "{}", client.screen());
    let buffer = client.buffer();
    let style = |y: u16| buffer[(28, y)].style();
    assert_eq!((style(18), style(20)), (style(19), style(21)));
    assert_ne!(style(17), style(18), "what only stands around is dim");
    press(&mut client, "x", 3_000);
    assert_eq!(pane(&client).wanted().around, Around::Lines(10));
    press(&mut client, "x x", 3_000);
    assert_eq!(pane(&client).wanted().around, Around::Nothing);
    assert_eq!(current(&client), "boom 2980");
}

#[test]
fn a_level_filter_keeps_the_place_too_and_goes_round() {
    let mut client = opened(3_000);
    press(&mut client, "k k k k k", 3_000);
    assert_eq!(current(&client), "tick 2995");
    press(&mut client, "v v v v", 3_000);
    assert!(client.screen().contains("≥ error"), "{}", client.screen());
    assert_eq!(current(&client), "boom 2990");
    assert!(client.screen().contains(" 1 below"), "{}", client.screen());
    press(&mut client, "x", 3_000);
    assert_eq!(messages(&client).last().map(String::as_str), Some("boom 2990"));
    press(&mut client, "v v", 3_000);
    assert!(!client.screen().contains('≥'));
    press(&mut client, "x", 3_000);
    assert!(client.flash().starts_with("Nothing is left out"), "{}", client.flash());
}

#[test]
fn an_expression_is_searched_here_and_reads_older_lines_until_the_screen_is_full() {
    let mut client = opened(30_000);
    client.press("/ tab");
    client.type_text("boom 1..?0x$");
    press(&mut client, "enter", 30_000);
    assert!(client.screen().contains("regex /boom 1..?0x$"), "{}", client.screen());
    let (first, last) = held(&client);
    assert_eq!(last, 30_000);
    assert!(first > 30_000 - REACH - 2_000, "it stops somewhere: {first}");
    assert!(client.screen().contains("None of the newest 20,"), "{}", client.screen());
    press(&mut client, "N", 30_000);
    assert_eq!(held(&client).0, 1, "once more reads on");
    assert!(client.screen().contains("No line passes the filter among 30,000"));
    press(&mut client, "esc", 30_000);
    client.press("/");
    client.type_text("boom 29..0");
    press(&mut client, "enter", 30_000);
    assert_eq!(current(&client), "boom 29990");
}

#[test]
fn the_next_match_is_looked_for_among_older_lines_as_far_as_one_go_reaches() {
    let mut client = opened(60_000);
    search(&mut client, "boom 3", 60_000);
    assert_eq!(current(&client), "boom 39990");
    press(&mut client, "G x x x", 60_000);
    assert_eq!(current(&client), "tick 60000".replace("tick", "boom"));
    press(&mut client, "N", 60_000);
    let (first, _) = held(&client);
    assert!(first <= 60_000 - REACH, "{first}");
    let sentence = "No match in 20,000 older lines: once more goes on";
    let found = current(&client);
    assert!(client.flash() == sentence || found == "boom 39990", "{found} {}", client.flash());
    press(&mut client, "N", 60_000);
    assert_eq!(current(&client), if found == "boom 39990" { "boom 39980" } else { "boom 39990" });
}

#[test]
fn a_wrong_expression_is_underlined_said_and_stays_to_be_mended() {
    let mut client = opened(100);
    client.press("/ tab");
    client.type_text("a(b");
    assert!(client.screen().contains("not searched: unclosed group"), "{}", client.screen());
    let buffer = client.buffer();
    let row = 4;
    let underlined: String = (0..80)
        .filter(|x| buffer[(*x, row)].modifier.contains(Modifier::UNDERLINED))
        .map(|x| buffer[(x, row)].symbol())
        .collect();
    assert_eq!(underlined, "(");
    client.take();
    client.press("enter");
    assert!(client.loads().is_empty() && pane(&client).search.editing);
    client.press("tab");
    assert!(!client.screen().contains("not searched"), "as a text it is right");
    client.press("tab backspace backspace");
    press(&mut client, "enter", 100);
    assert_eq!(pane(&client).wanted().pattern.as_ref().map(|it| it.kind), Some(Kind::Expression));
}

#[test]
fn long_lines_are_cut_or_broken_and_the_cursor_goes_line_by_line() {
    let mut client = Client::live();
    client.press("enter [");
    client.answer_all(|load| match load {
        Load::Logs { after: None, .. } => {
            let long = "0123456789".repeat(12);
            let items = (1..=30).map(|seq| line(seq, Level::Info, &long)).collect();
            Some(Outcome::Logs(Page { items, next_cursor: None }))
        }
        other => usual(other),
    });
    assert_eq!(client.screen().matches('…').count(), 17);
    client.press("w");
    let screen = client.screen();
    assert!(screen.contains("wrapped") && !screen.contains('…'), "{screen}");
    assert_eq!(screen.matches("attempt=").count(), 5, "{screen}");
    client.press("k k");
    assert_eq!(pane(&client).current().map(|line| line.seq), Some(28));
    assert_eq!(pane(&client).place.held_at(), pane(&client).current().map(|line| line.number));
    assert!(client.screen().contains("▌20:44:27"), "{}", client.screen());
}

#[test]
fn times_are_clock_times_ages_that_tick_or_not_there() {
    let mut client = opened(100);
    assert!(client.screen().contains("▌20:45:39 error"), "{}", client.screen());
    client.press("T");
    assert!(client.screen().contains("▌20s error"), "{}", client.screen());
    assert!(
        client.model.wake_at().is_some_and(|at| at <= client.now + chrono::TimeDelta::seconds(1))
    );
    client.wait(1_000);
    assert!(client.screen().contains("▌21s error"), "{}", client.screen());
    client.press("T");
    assert!(client.screen().contains("▌error api"), "{}", client.screen());
    client.press("T");
    assert!(client.screen().contains("▌20:45:39 error"));
}

#[test]
fn what_comes_while_one_reads_is_counted_and_f_goes_to_it() {
    let mut client = opened(100);
    press(&mut client, "k k", 100);
    let before = messages(&client);
    client.stream(attached(117, 6));
    client.answer_all(daemon(117));
    assert_eq!(messages(&client)[..16], before[..16]);
    assert!(client.screen().contains("17 below ↓ (f follows)"), "{}", client.screen());
    press(&mut client, "f", 117);
    assert!(!client.screen().contains("below"));
    assert_eq!(current(&client), "tick 117");
}

#[test]
fn the_daemon_has_what_is_older_and_the_pane_says_so() {
    let mut client = opened(1_800);
    assert!(client.screen().contains("500 lines here, older on the daemon ↑"));
    press(&mut client, "g g g", 1_800);
    assert_eq!(held(&client), (1, 1_800));
    assert!(client.screen().contains("all 1,800 lines"), "{}", client.screen());
    assert_eq!(messages(&client).first().map(String::as_str), Some("tick 1"));
}

#[test]
fn memory_is_bounded_and_what_was_dropped_is_read_again() {
    let big = |seq| line(seq, Level::Info, &format!("{seq} {}", "x".repeat(64 * 1024)));
    let mut pane = LogPane::default();
    for from in (1..=2_000).step_by(100) {
        pane.append_newer((from..from + 100).map(big).collect(), clock());
    }
    assert!(pane.lines().bytes() <= model::BYTES_MAX + 512 * 1024);
    let first = pane.lines().first_seq().expect("lines");
    assert!(pane.beyond.older && first > 1);
    assert_eq!(pane.lines().last_seq(), 2_000);
    let counted: i64 = Level::ALL.iter().map(|level| pane.histogram().total(*level)).sum();
    assert_eq!(usize::try_from(counted).expect("few"), pane.lines().len());
    // Somebody reads upward: the far end goes, and is behind again.
    pane.place.put(pane.lines().numbers().start);
    pane.prepend_older((first - 200..first).map(big).collect(), clock());
    assert_eq!(pane.lines().first_seq(), Some(first - 200));
    assert!(pane.lines().bytes() <= model::BYTES_MAX + 512 * 1024);
    assert!(pane.unread() > 0 && pane.covered == pane.lines().last_seq());
}

/// Lines looked at while something happens.
fn looks(client: &mut Client, what: impl FnOnce(&mut Client)) -> usize {
    pane(client).lines().looked.set(0);
    what(client);
    pane(client).lines().looked.get()
}

#[test]
fn a_frame_looks_at_what_is_on_the_screen_and_a_batch_at_itself() {
    const LAST: i64 = 100_000;
    let mut client = opened(LAST);
    let detail = client.model.detail.as_mut().expect("open");
    let older: Vec<LogEntry> = (1..=LAST - 500).map(stored).collect();
    detail.logs.prepend_older(older, clock());
    detail.logs.beyond.older = false;
    let heavy = Wanted {
        pattern: Pattern::new("boom", Kind::Text).ok(),
        around: Around::Lines(2),
        ..Wanted::default()
    };
    for (wanted, wrap) in [(Wanted::default(), false), (heavy.clone(), false), (heavy, true)] {
        client.model.log_style.wrap = wrap;
        let now = client.now;
        let detail = client.model.detail.as_mut().expect("open");
        let spent = Cell::new(0);
        detail.logs.lines().looked.set(0);
        detail.logs.sift(wanted, now);
        spent.set(detail.logs.lines().looked.get());
        assert!(spent.get() <= 20_000, "one go is bounded: {}", spent.get());
        client.wait(1_000);
        assert_eq!(pane(&client).backlog(), 0);
        let frame = looks(&mut client, |client| drop(client.buffer()));
        assert!(frame <= 4 * 24, "a frame looked at {frame} lines");
        for key in ["k", "pgup", "ctrl-u", "g", "j", "G"] {
            let moved = looks(&mut client, |client| client.press(key));
            assert!(moved <= 8 * 24, "{key} looked at {moved} lines");
        }
        let next = pane(&client).lines().last_seq() + 1;
        let batch: Vec<LogEntry> = (next..next + 50).map(stored).collect();
        let batch = looks(&mut client, |client| {
            let now = client.now;
            let detail = client.model.detail.as_mut().expect("open");
            detail.logs.append_newer(batch, now);
        });
        assert!(batch <= 50, "a batch of 50 looked at {batch} lines");
    }
}

fn any_line() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        any::<char>().prop_map(String::from),
        "[ -~]{1,12}",
        Just("監視".to_owned()),
        Just("e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}".to_owned()),
        Just("\u{1b}[31m".to_owned()),
        Just("\r\n".to_owned()),
        Just("\t".to_owned()),
        Just("\u{9b}2J\u{202e}\u{2066}\u{200b}".to_owned()),
        Just("👨\u{200d}👩\u{200d}👧⚠\u{fe0f}".to_owned()),
        Just("ｶﾞലാ각".to_owned()),
        Just("x".repeat(3_000)),
    ];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Each row of a line stands on the screen as the model says, in every mode.
    #[test]
    fn cells_equal_what_the_model_says(
        texts in prop::collection::vec(any_line(), 1..6),
        wrap in any::<bool>(),
        times in 0_usize..3,
        pattern in prop::sample::select(vec!["", ".", "x+", "[^a-z]", "視", "e", r"\n"]),
        size in (20_u16..160, 8_u16..30),
    ) {
        let mut client = Client::live();
        client.press("enter [");
        client.answer_all(|load| match load {
            Load::Logs { after: None, .. } => {
                let lines = (1..).zip(&texts).map(|(seq, text)| {
                    let mut entry = line(seq, Level::Warn, text);
                    entry.source.clone_from(text);
                    entry.fields = serde_json::Map::from_iter([(text.clone(), json!(text))]);
                    entry
                });
                Some(Outcome::Logs(Page { items: lines.collect(), next_cursor: None }))
            }
            other => usual(other),
        });
        client.resize(size.0, size.1);
        if wrap {
            client.press("w");
        }
        for _ in 0..times {
            client.press("T");
        }
        if !pattern.is_empty() {
            client.press("/ tab");
            client.type_text(pattern);
            client.press("enter x x x");
            client.answer_all(usual);
        }
        // What was just said goes away.
        client.wait(20_000);
        let pane = pane(&client);
        let buffer = client.buffer();
        let (left, right) = layout::Walls::default().columns(layout::Wall::Opened, size.0);
        let (x, width) = if right > 0 { (left + 2, right) } else { (0, left) };
        let rows = layout::log_rows(layout::detail_rows(size.1));
        let top = size.1 - 1 - rows.lines;
        let shares = Columns::of(&client.model, pane.lines(), width.into(), 0);
        let window = model::measure(&client.model, pane, (width.into(), rows.lines.into()), |extent| {
            pane.place.window(extent)
        });
        let mut y = top;
        let window = window.expect("lines");
        for index in window.first..window.end {
            let number = pane.shown().at(index).expect("shown");
            let line = pane.lines().get(number).expect("held");
            let max = if wrap { usize::from(rows.lines - (y - top)) } else { 1 };
            let pattern = pane.wanted().pattern.as_ref();
            for row in shape::rows(&line, pattern, shares.text, max) {
                let told: String = row.iter().map(|run| run.text.as_str()).collect();
                let before = u16::try_from(shares.before_text()).expect("narrow");
                let mut seen = String::new();
                let mut at = x + before;
                while at < x + width {
                    let symbol = buffer[(at, y)].symbol();
                    seen.push_str(symbol);
                    at += u16::try_from(symbol.width().max(1)).expect("narrow");
                }
                prop_assert_eq!(seen.trim_end(), told.trim_end(), "row {}", y);
                y += 1;
            }
        }
        prop_assert!(y < size.1, "the foot is not written over");
    }
}

#[test]
fn a_line_of_a_megabyte_costs_what_is_shown_of_it() {
    let huge = format!("{}needle{}", "a\u{301}".repeat(300_000), "b".repeat(100_000));
    let mut client = Client::live();
    client.press("enter [ w");
    client.answer_all(|load| match load {
        Load::Logs { after: None, .. } => {
            let items = vec![line(1, Level::Info, &huge)];
            Some(Outcome::Logs(Page { items, next_cursor: None }))
        }
        other => usual(other),
    });
    assert_eq!(client.screen().matches('…').count(), 1);
    client.press("/");
    client.type_text("needle");
    client.press("enter x");
    client.answer_all(|load| match load {
        Load::Logs { after: None, .. } => {
            let items = vec![line(1, Level::Info, &huge)];
            Some(Outcome::Logs(Page { items, next_cursor: None }))
        }
        other => usual(other),
    });
    assert!(client.screen().contains("needle"), "{}", client.screen());
}

/// The file that is asked for.
pub fn export(client: &mut Client) -> (RequestId, Export) {
    let asked = client.take().into_iter().find_map(|effect| match effect {
        Effect::Export { request, export } => Some((request, export)),
        _ => None,
    });
    asked.expect("an export")
}

#[test]
fn lines_are_written_with_their_filter_and_a_file_goes_only_when_that_was_said() {
    let mut client = opened(300);
    search(&mut client, "boom", 300);
    client.press("W");
    assert!(client.screen().contains("inc-204-2026-03-14-2045.log"), "{}", client.screen());
    client.press("enter");
    let (request, asked) = export(&mut client);
    assert!(matches!(asked.lines, Lines::Of { incident, .. } if incident == id(204)));
    assert!(!asked.replace);
    assert_eq!(asked.wanted.of_daemon().1, "boom");
    client.event(Event::Progress { request, lines: 1_000 });
    assert!(client.screen().contains("writing, 1,000 lines"), "{}", client.screen());
    client.done(request, Outcome::Exists("/tmp/there.log".to_owned()));
    client.wait(20_000);
    assert!(client.screen().contains("/tmp/there.log is there already"), "{}", client.screen());
    // Another name is another question.
    client.type_text("x");
    client.press("backspace enter");
    let (request, asked) = export(&mut client);
    assert!(!asked.replace);
    client.done(request, Outcome::Exists("/tmp/there.log".to_owned()));
    client.press("enter");
    let (request, asked) = export(&mut client);
    assert!(asked.replace);
    client.done(request, Outcome::Exported { file: "/tmp/there.log".to_owned(), lines: 30 });
    assert_eq!(client.flash(), "30 lines written to /tmp/there.log, readable by you alone");
}

#[test]
fn a_file_that_cannot_be_written_is_told_where_one_is() {
    let mut client = opened(300);
    client.press("W enter");
    let (request, _) = export(&mut client);
    client.press("1");
    client.done(request, Outcome::Failed(Failure::new(FailureKind::Offline, "it is full")));
    assert_eq!(client.flash(), "it is full");
    client.press("enter W enter");
    let (request, _) = export(&mut client);
    client.press("W");
    assert_eq!(client.flash(), "A file is being written already");
    client.done(request, Outcome::Exists("/tmp/there.log".to_owned()));
    assert_eq!(client.flash(), "/tmp/there.log is there already and stays as it is");
}
