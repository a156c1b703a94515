//! A list far longer than anybody holds: pages by their keys from either end, and nothing moves under
//! the cursor.

use std::collections::BTreeSet;

use proptest::prelude::*;
use watchfire_shared::incident::Incident;
use watchfire_shared::page::{IncidentPage, TOTAL_CAP};
use watchfire_shared::problem::{Code, Problem};

use super::client::Client;
use super::world::*;
use crate::effect::{Command, Effect, Load};
use crate::event::{Failure, FailureKind, Outcome};
use crate::model::list::ROWS_MAX;
use crate::view::drawn;

const MILLION: i64 = 1_000_000;

/// Incidents by number, the highest first; what it answers it finds by key, as the daemon does.
struct Table {
    last: i64,
    gone: BTreeSet<i64>,
    /// Pages asked for.
    pages: std::cell::Cell<usize>,
}

impl Table {
    fn of(last: i64) -> Self {
        Self { last, gone: BTreeSet::new(), pages: std::cell::Cell::new(0) }
    }

    fn row(number: i64) -> Incident {
        let created_at = clock() - chrono::TimeDelta::seconds(2 * MILLION - number);
        Incident { created_at, ..incident(number, "Disk is full") }
    }

    fn answer(&self, load: &Load) -> Option<Outcome> {
        let Load::Incidents { sort, cursor, limit, .. } = load else {
            return usual(load);
        };
        self.pages.set(self.pages.get() + 1);
        let after: Option<i64> = cursor.as_ref().map(|key| key.parse().expect("a key"));
        let there = |number: &i64| !self.gone.contains(number);
        let limit = usize::try_from(*limit).expect("a limit");
        let numbers: Vec<i64> = if sort.reversed {
            let from = after.map_or(1, |key| key + 1);
            (from..=self.last).filter(there).take(limit + 1).collect()
        } else {
            let from = after.map_or(self.last, |key| key - 1);
            (1..=from).rev().filter(there).take(limit + 1).collect()
        };
        let more = numbers.len() > limit;
        let numbers = &numbers[..numbers.len().min(limit)];
        let total = self.last - i64::try_from(self.gone.len()).expect("few");
        Some(Outcome::Incidents(Box::new(IncidentPage {
            items: numbers.iter().map(|number| Self::row(*number)).collect(),
            next_cursor: numbers.last().filter(|_| more).map(ToString::to_string),
            total: total.min(TOTAL_CAP),
            total_exact: total <= TOTAL_CAP,
        })))
    }

    fn client(&self) -> Client {
        let mut client = Client::new();
        client.stream(hello());
        client.answer_all(|load| self.answer(load));
        client
    }

    /// Presses keys, each answered before the next.
    fn press(&self, client: &mut Client, keys: &str) {
        for key in keys.split(' ') {
            client.press(key);
            client.answer_all(|load| self.answer(load));
            self.is_true_to(client);
        }
    }

    /// What is on the screen stands there as it does in the table, without a hole, and little is held.
    fn is_true_to(&self, client: &Client) {
        let list = &client.model.list;
        let height = client.model.list_height();
        let shown: Vec<i64> = list
            .visible(height)
            .iter()
            .filter(|id| list.ghost != Some(**id))
            .filter_map(|id| client.model.known.get(*id))
            .map(|incident| incident.reference.0)
            .collect();
        let (Some(first), Some(last)) = (shown.first(), shown.last()) else {
            panic!("nothing is shown");
        };
        let expected: Vec<i64> =
            (*last..=*first).rev().filter(|number| !self.gone.contains(number)).collect();
        assert_eq!(shown, expected);
        assert!(list.selected_index().is_some());
        assert!(list.rows.len() <= ROWS_MAX + 250, "{} rows", list.rows.len());
        assert!(list.window.passed.len() <= 1 + usize::try_from(self.last).expect("small") / 40);
    }
}

fn number(client: &Client) -> i64 {
    client.selected().trim_start_matches("INC-").parse().expect("a number")
}

#[test]
fn a_million_rows_are_walked_down_and_up_again_without_a_hole() {
    let table = Table::of(MILLION);
    let mut client = table.client();
    assert!(client.screen().contains("row 1 of 1,000+"), "{}", client.screen());
    for _ in 0..300 {
        table.press(&mut client, "pgdn");
    }
    let far = number(&client);
    assert!(far < MILLION - 5_000, "{far}");
    assert!(client.screen().contains("row \u{2248} "), "{}", client.screen());
    assert!(table.pages.get() < 120, "{} pages", table.pages.get());
    for _ in 0..300 {
        table.press(&mut client, "pgup");
    }
    assert_eq!(number(&client), MILLION);
    assert!(client.screen().contains("row 1 of 1,000+"), "{}", client.screen());
}

#[test]
fn the_other_end_is_one_key_away_and_reads_upward_from_there() {
    let table = Table::of(MILLION);
    let mut client = table.client();
    table.pages.set(0);
    table.press(&mut client, "G");
    assert_eq!(number(&client), 1);
    assert!(table.pages.get() <= 3, "{} pages", table.pages.get());
    assert!(client.screen().contains("near the end"), "{}", client.screen());
    insta::assert_snapshot!("million_end", client.screen());
    for _ in 0..300 {
        table.press(&mut client, "pgup");
    }
    assert!(number(&client) > 4_000, "{}", number(&client));
    for _ in 0..300 {
        table.press(&mut client, "ctrl-d ctrl-d");
    }
    assert_eq!(number(&client), 1);
    table.press(&mut client, "home");
    assert_eq!(number(&client), MILLION);
    client.resize(200, 60);
    table.press(&mut client, "end");
    insta::assert_snapshot!("million_end_200", client.screen());
}

#[test]
fn until_the_other_end_is_read_no_key_acts_on_what_is_shown() {
    let table = Table::of(MILLION);
    let mut client = table.client();
    client.press("G a");
    let sent = |effect: &Effect| matches!(effect, Effect::Command { .. });
    assert!(!client.effects.iter().any(sent));
    client.press("*");
    assert!(client.model.marks.is_empty());
    client.answer_all(|load| table.answer(load));
    client.press("a");
    let (_, command) = client.command();
    let Command::Patch { id: about, .. } = command else { panic!("{command:?}") };
    assert_eq!(about, id(1));
}

#[test]
fn an_end_that_cannot_be_read_is_said_and_the_way_back_is_free() {
    let table = Table::of(MILLION);
    let mut client = table.client();
    client.press("G");
    client.answer_all(|load| match load {
        Load::Incidents { .. } => Some(Outcome::Failed(offline())),
        other => usual(other),
    });
    assert!(client.screen().contains("not read again"), "{}", client.screen());
    table.press(&mut client, "g g");
    client.press("ctrl-r");
    client.answer_all(|load| table.answer(load));
    client.wait(6_000);
    client.answer_all(|load| table.answer(load));
    assert!(client.model.list.loaded && !client.screen().contains("not read again"));
}

#[test]
fn far_down_what_comes_in_above_is_announced_and_moves_nothing() {
    let mut table = Table::of(MILLION);
    let mut client = table.client();
    for _ in 0..200 {
        table.press(&mut client, "pgdn");
    }
    let before = client.screen();
    let row = |screen: &str| screen.lines().nth(5).map(str::to_owned);
    for number in 1..=3 {
        table.last = MILLION + number;
        client.stream(created_event(Table::row(table.last)));
    }
    assert_eq!(row(&client.screen()), row(&before));
    assert!(client.screen().contains("3 new \u{2191}"), "{}", client.screen());
    client.wait(4_000);
    client.answer_all(|load| table.answer(load));
    table.is_true_to(&client);
    assert!(client.screen().contains("3 new \u{2191}"), "{}", client.screen());
    insta::assert_snapshot!("million_middle", client.screen());
    table.press(&mut client, "g");
    assert_eq!(number(&client), MILLION + 3);
    assert!(!client.screen().contains("new \u{2191}"));
}

#[test]
fn a_cursor_that_is_no_longer_taken_begins_the_list_anew() {
    let table = Table::of(MILLION);
    let mut client = table.client();
    for _ in 0..200 {
        table.press(&mut client, "pgdn");
    }
    client.press("ctrl-r");
    client.answer_all(|load| match load {
        Load::Incidents { cursor: Some(_), .. } => {
            let problem = Problem::new(Code::InvalidCursor, "It is no longer taken.", "r1");
            let mut failure = Failure::new(FailureKind::Refused, "It is no longer taken");
            failure.problem = Some(Box::new(problem));
            Some(Outcome::Failed(failure))
        }
        other => table.answer(other),
    });
    client.wait(3_000);
    client.answer_all(|load| table.answer(load));
    table.press(&mut client, "g");
    assert_eq!(number(&client), MILLION);
}

#[test]
fn what_is_on_the_screen_of_a_long_list_is_read_again_and_nothing_moves() {
    for keys in ["g", "G"] {
        let mut table = Table::of(MILLION);
        let mut client = table.client();
        let turn = if keys == "g" { "pgdn" } else { "pgup" };
        table.press(&mut client, keys);
        for _ in 0..80 {
            table.press(&mut client, turn);
        }
        let (line, at) = (client.model.list.cursor_line(), number(&client));
        let fires = |load: &Load| match table.answer(load) {
            Some(Outcome::Incidents(mut page)) => {
                page.items.iter_mut().for_each(|it| it.firing_alerts = 7);
                Some(Outcome::Incidents(page))
            }
            other => other,
        };
        table.pages.set(0);
        client.wait(15_500);
        client.answer_all(fires);
        assert!((1..=2).contains(&table.pages.get()), "{} pages", table.pages.get());
        assert!(client.screen().contains("7 alerts firing"), "{}", client.screen());
        let seen = client.model.list.visible(client.model.list_height()).to_vec();
        assert!(
            seen.iter().all(|id| client
                .model
                .known
                .get(*id)
                .is_some_and(|it| it.firing_alerts == 7))
        );
        assert_eq!((client.model.list.cursor_line(), number(&client)), (line, at));
        // What no longer belongs leaves, but never from under the cursor.
        table.gone.extend([at, at + 1, at - 1]);
        client.wait(15_500);
        client.answer_all(|load| table.answer(load));
        table.is_true_to(&client);
        assert_eq!((client.model.list.cursor_line(), number(&client)), (line, at));
    }
}

/// The rows around the screen are read beyond the last one that is held: the next page follows them.
#[test]
fn rows_that_were_read_once_more_leave_no_row_out_and_none_twice() {
    let table = Table::of(9_000);
    let mut client = table.client();
    client.resize(80, 60);
    table.press(&mut client, "pgdn pgdn ctrl-d");
    client.wait(16_000);
    client.answer_all(|load| table.answer(load));
    table.press(&mut client, "pgdn pgdn pgdn pgdn");
}

#[test]
fn a_frame_formats_the_rows_on_the_screen_and_no_others() {
    let table = Table::of(MILLION);
    let mut client = table.client();
    for _ in 0..150 {
        table.press(&mut client, "pgdn");
    }
    assert!(client.model.list.rows.len() > 1_500);
    for (width, height) in [(80, 24), (200, 60)] {
        client.resize(width, height);
        client.answer_all(|load| table.answer(load));
        drawn::begin();
        client.buffer();
        assert_eq!(drawn::rows(), client.model.list_height());
    }
}

#[test]
fn a_row_that_others_changed_is_accented_for_three_seconds() {
    let mut client = Client::live();
    client.stream(status_event(&incidents()[1], watchfire_shared::incident::Status::Resolved));
    assert!(client.model.list.is_fresh(id(203), client.now));
    client.wait(3_100);
    assert!(!client.model.list.is_fresh(id(203), client.now));
}

/// Something that happens while somebody moves through the list.
#[derive(Debug, Clone)]
enum Turn {
    Key(&'static str),
    Opened,
    /// The incident this many rows from the cursor is deleted.
    Deleted(i64),
    Reloaded,
    /// Long enough for the rows on the screen to be read again.
    Waited,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let keys = ["pgdn", "pgdn", "pgdn", "pgup", "pgup", "j", "k", "ctrl-d", "ctrl-u", "G", "g"];
    let turn = prop_oneof![
        12 => prop::sample::select(keys.to_vec()).prop_map(Turn::Key),
        1 => Just(Turn::Opened),
        1 => (-300_i64..300).prop_map(Turn::Deleted),
        1 => Just(Turn::Reloaded),
        1 => Just(Turn::Waited),
    ];
    prop::collection::vec(turn, 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_while_one_moves_the_rows_are_those_of_the_table(turns in turns()) {
        let mut table = Table::of(9_000);
        let mut client = table.client();
        client.resize(80, 60);
        client.answer_all(|load| table.answer(load));
        for turn in turns {
            match turn {
                Turn::Key(key) => client.press(key),
                Turn::Opened => {
                    table.last += 1;
                    client.stream(created_event(Table::row(table.last)));
                }
                Turn::Deleted(away) => {
                    let doomed = (number(&client) + away).clamp(1, table.last);
                    if table.gone.insert(doomed) {
                        client.stream(deleted_event(&Table::row(doomed)));
                    }
                }
                Turn::Reloaded => client.press("ctrl-r"),
                Turn::Waited => client.wait(16_000),
            }
            client.answer_all(|load| table.answer(load));
            client.wait(50);
            client.answer_all(|load| table.answer(load));
            table.is_true_to(&client);
        }
    }
}
