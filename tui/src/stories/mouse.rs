//! The mouse, where it was asked for: it moves in what is under it and never acts.

use super::client::Client;
use super::configured::read;
use super::world::*;
use crate::effect::Effect;
use crate::event::MouseDeed::{Drag, Press, Release, WheelDown, WheelUp};
use crate::keymap::Context;
use crate::model::detail::Tab;
use crate::model::layout::Wall;
use crate::model::setup::Setup;
use crate::model::{Overlay, Screen};
use crate::update;
use watchfire_shared::incident::{Incident, Priority};

fn client() -> Client {
    Client::with(|start| start.setup.mouse = true).connected(&incidents())
}

fn opened() -> Client {
    let mut client = client();
    client.press("enter");
    client.answer_all(usual);
    client
}

fn many() -> Vec<Incident> {
    let service = |number: i64| ["api", "db", "web"][usize::try_from(number).expect("few") % 3];
    let one = |number| Incident {
        service: service(number).to_owned(),
        created_at: ago(number),
        ..incident(number, "Slow")
    };
    (1..=60).map(one).collect()
}

fn click(client: &mut Client, column: u16, row: u16) {
    client.mouse(Press, column, row);
    client.mouse(Release, column, row);
}

/// The line of the screen, and its text.
fn line_with(client: &Client, text: &str) -> u16 {
    let screen = client.screen();
    let at = screen.lines().position(|line| line.contains(text));
    u16::try_from(at.unwrap_or_else(|| panic!("no {text:?} in\n{screen}"))).expect("few")
}

fn line(client: &Client, row: u16) -> String {
    client.screen().lines().nth(row.into()).unwrap_or_default().to_owned()
}

/// Columns in which the screen has a wall, in this row.
fn walls(client: &Client, row: u16) -> Vec<u16> {
    let buffer = client.buffer();
    (0..buffer.area.width).filter(|x| buffer[(*x, row)].symbol() == "│").collect()
}

#[test]
fn it_does_nothing_unless_it_was_asked_for() {
    let mut client = Client::live();
    let before = client.screen();
    client.model.take_dirty();
    for deed in [Press, Drag, Release, WheelDown, WheelUp] {
        client.mouse(deed, 20, 4);
    }
    assert!(!client.model.take_dirty(), "{}", client.screen());
    assert_eq!(client.screen(), before);
}

#[test]
fn a_click_selects_exactly_what_stands_there_and_acts_on_nothing() {
    for (size, keys) in
        [((80, 24), ""), ((80, 24), "b"), ((200, 60), "b"), ((44, 9), "b"), ((60, 4), "")]
    {
        let mut client = Client::with(|start| start.setup.mouse = true).connected(&many());
        client.resize(size.0, size.1);
        for key in keys.split(' ').filter(|key| !key.is_empty()) {
            client.press(key);
        }
        client.press("ctrl-d");
        client.take();
        let mut found = 0;
        for row in 1..size.1 - 1 {
            let text: String = line(&client, row).chars().take(30).collect();
            let reference = text.split_whitespace().find(|word| word.starts_with("INC-"));
            let in_list = !text.contains("opened") && !text.contains("label");
            let before = client.selected();
            client.wait(1_000);
            click(&mut client, 12, row);
            match reference.filter(|_| in_list) {
                Some(reference) => {
                    assert_eq!(client.selected(), reference, "row {row} of {size:?}");
                    found += 1;
                }
                None => assert!(client.model.list.query.editing || client.selected() == before),
            }
            if client.model.list.query.editing {
                client.press("esc");
            }
        }
        assert!(found >= usize::from(size.1).min(60) / 4, "{found} rows of {size:?}");
        assert!(client.sends_nothing());
        assert_eq!(client.model.screen, Screen::Incidents);
    }
}

#[test]
fn a_second_click_on_the_same_incident_opens_it_and_on_another_does_not() {
    let mut client = client();
    click(&mut client, 20, 4);
    client.wait(300);
    // Another one is there now.
    let first = Incident { priority: Priority::Critical, ..incident(300, "Down") };
    client.stream(created_event(first));
    click(&mut client, 20, 4);
    assert_eq!((client.model.screen, client.selected().as_str()), (Screen::Incidents, "INC-300"));
    client.wait(600);
    click(&mut client, 20, 4);
    assert_eq!(client.model.screen, Screen::Incidents, "too late to be one with it");
    click(&mut client, 20, 4);
    assert!(client.model.is_open(id(300)));
    client.press("-");
    assert_eq!(client.model.screen, Screen::Incidents, "and there is a way back");
}

#[test]
fn a_click_takes_back_the_question_of_the_key_before() {
    let mut client = client();
    let resolved = line_with(&client, "INC-201");
    click(&mut client, 20, resolved);
    client.press("c");
    click(&mut client, 20, 3);
    click(&mut client, 20, resolved);
    client.take();
    client.press("c");
    assert!(client.sends_nothing(), "it is asked once more");
}

#[test]
fn the_query_line_is_edited_and_a_click_on_a_row_applies_it() {
    let mut client = client();
    click(&mut client, 30, 1);
    assert_eq!(client.model.context(), Context::Query);
    client.type_text("-service:none ");
    click(&mut client, 20, 5);
    assert_eq!(client.model.context(), Context::List);
    assert!(client.model.list.query.applied.contains("service:none"));
}

#[test]
fn the_wheel_moves_in_what_is_under_it() {
    let mut client = Client::with(|start| start.setup.mouse = true).connected(&many());
    let first = client.selected();
    client.mouse(WheelDown, 20, 10);
    assert_ne!(client.selected(), first);
    client.mouse(WheelUp, 20, 10);
    assert_eq!(client.selected(), first);
    client.mouse(WheelDown, 20, 0);
    client.mouse(WheelDown, 20, 23);
    assert_eq!(client.selected(), first, "head and foot are no list");

    client.press("?");
    let before = client.screen();
    client.resize(80, 12);
    client.mouse(WheelDown, 20, 6);
    assert!(matches!(client.model.overlay, Some(Overlay::Help { top: 3, .. })), "{before}");
    client.press("esc :");
    let chosen = |client: &Client| line(client, line_with(client, "▌"));
    let first = chosen(&client);
    client.mouse(WheelDown, 20, 3);
    assert_ne!(chosen(&client), first);
    client.mouse(WheelUp, 20, 3);
    assert_eq!(chosen(&client), first);
}

#[test]
fn in_an_incident_the_wheel_moves_the_side_it_is_over() {
    let mut client = opened();
    client.resize(200, 20);
    client.press("tab");
    let follows = |client: &Client| {
        let detail = client.model.detail.as_ref().expect("open");
        (detail.timeline.tail.follows(), detail.logs.place.follows())
    };
    client.mouse(WheelUp, 150, 10);
    assert_eq!((follows(&client).1, client.model.context()), (false, Context::Detail));
    client.mouse(WheelDown, 150, 10);
    assert!(follows(&client).1);
    client.resize(120, 8);
    client.press("[ [");
    assert_eq!(client.model.context(), Context::Logs);
    client.mouse(WheelUp, 20, 6);
    assert!(!follows(&client).0 && follows(&client).1, "the timeline stands on the left");
}

#[test]
fn a_click_on_a_tab_shows_it_wherever_its_label_is() {
    for width in [80, 200] {
        let mut client = opened();
        client.resize(width, 24);
        for (name, tab) in [
            ("Alerts", Tab::Alerts),
            ("Overview", Tab::Overview),
            ("Logs", Tab::Logs),
            ("Timeline", Tab::Timeline),
        ] {
            let labels = line(&client, 2);
            let before = labels.find(name).expect("its label");
            let column = u16::try_from(labels[..before].chars().count()).expect("narrow");
            click(&mut client, column + 3, 2);
            assert_eq!(client.model.detail.as_ref().expect("open").tab, tab, "{labels}");
        }
    }
}

#[test]
fn a_click_puts_the_cursor_on_the_log_line_that_stands_there() {
    for (size, x, wrap) in [((80, 24), 20, false), ((200, 60), 150, false), ((60, 20), 20, true)] {
        let mut client = opened();
        client.resize(size.0, size.1);
        if size.0 < 120 {
            client.press("[");
        }
        if wrap {
            client.press("w");
        }
        client.wait(20_000);
        let mut chosen = 0;
        for row in 6..size.1 - 1 {
            let of_logs =
                |text: &str| ["4003 ms", "3 of 3", "exhausted"].iter().any(|it| text.contains(it));
            if !of_logs(&line(&client, row)) {
                continue;
            }
            click(&mut client, x, row);
            assert_eq!(client.model.context(), Context::Logs);
            assert!(line(&client, row).contains('▌'), "{row} of {size:?}\n{}", client.screen());
            chosen += 1;
        }
        assert!(chosen > 8, "{chosen} of {size:?}");
    }
}

#[test]
fn a_click_in_a_sheet_chooses_and_does_not_confirm() {
    for (keys, head) in [(":", 3), ("p", 2), ("A", 3), ("y", 2)] {
        let mut client = client();
        client.press(keys);
        client.answer_all(usual);
        client.take();
        let screen = client.screen();
        let rules = screen.lines().enumerate().filter(|(_, line)| line.starts_with("────"));
        let rule = rules.map(|(row, _)| row).last().expect("a rule");
        let mut chosen = 0;
        for row in (0..23u16).rev() {
            let text = line(&client, row);
            click(&mut client, 10, row);
            if usize::from(row) >= rule + head && !text.is_empty() {
                let now = line(&client, row);
                assert!(now.starts_with('▌'), "{keys:?}, {row}\n{}", client.screen());
                chosen += 1;
            }
            assert!(client.model.overlay.is_some());
        }
        assert!(chosen > 1, "{}", client.screen());
        let acts = |effect: &Effect| matches!(effect, Effect::Command { .. } | Effect::Copy(_));
        assert!(!client.take().iter().any(acts));
    }
    let mut client = client();
    client.press("p");
    let screen = client.screen();
    let low = screen.lines().enumerate().filter(|(_, line)| line.contains(" low")).last();
    let row = u16::try_from(low.expect("the last priority").0).expect("few");
    click(&mut client, 4, row);
    client.press("enter");
    let (_, command) = client.command();
    assert!(format!("{command:?}").contains("Low"), "{command:?}");
}

#[test]
fn walls_are_dragged_and_moved_by_keys() {
    for (wall, size, keys, row) in [
        (Wall::List, (200, 60), "", 10),
        (Wall::Opened, (120, 24), "enter", 10),
        (Wall::Events, (160, 30), "5", 3),
    ] {
        let mut client = client();
        client.resize(size.0, size.1);
        for key in keys.split(' ').filter(|key| !key.is_empty()) {
            client.press(key);
            client.answer_all(usual);
        }
        let usual_place = client.model.walls.place(wall, size.0).expect("a wall");
        assert_eq!(walls(&client, row), [usual_place], "{}", client.screen());
        client.mouse(Drag, 90, row);
        assert_eq!(walls(&client, row), [usual_place], "nothing is held yet");
        client.mouse(Press, usual_place, row);
        for column in [usual_place - 3, 75] {
            client.mouse(Drag, column, row);
            assert_eq!(walls(&client, row), [column], "{wall:?}\n{}", client.screen());
        }
        client.mouse(Release, 75, row);
        client.mouse(Drag, 90, row);
        assert_eq!(walls(&client, row), [75], "it was let go");
        client.press(">");
        assert_eq!(walls(&client, row), [79]);
        client.press("< <");
        assert_eq!(walls(&client, row), [71]);
        client.mouse(Press, 71, row);
        client.mouse(Drag, 0, row);
        let left = walls(&client, row);
        assert!(left[0] >= 39, "both sides keep room: {left:?}");
        client.resize(80, 24);
        client.press(">");
        assert!(client.flash().contains("side by side"), "{}", client.flash());
    }
}

#[test]
fn it_is_switched_by_name_and_by_the_file() {
    let mut client = Client::live();
    client.press(":");
    client.type_text("mouse");
    client.press("enter");
    assert!(client.model.pointer.captured);
    assert!(client.flash().contains("hold shift"), "{}", client.flash());
    // Another change of the file leaves it as it is.
    update::configure(&mut client.model, Ok(read(Setup::default())), client.now);
    assert!(client.model.pointer.captured);
    let asked = Setup { mouse: true, ..Setup::default() };
    update::configure(&mut client.model, Ok(read(asked)), client.now);
    assert!(client.model.pointer.captured);
    update::configure(&mut client.model, Ok(read(Setup::default())), client.now);
    assert!(!client.model.pointer.captured);
}
